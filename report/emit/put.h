/*
 * put.h: prints JSON to a stream as it goes, without building a value:
 * keys in the order they are given, memory for none of it, any size.
 *
 *     struct put j = put_to(out);
 *
 *     put_object(&j, NULL, PUT_LINES);
 *     put_text(&j, "name", "malloc");
 *     put_array(&j, "sizes", PUT_INLINE);
 *     put_number(&j, NULL, 16);
 *     put_end(&j);
 *     put_end(&j);
 *
 * `key` is NULL for the members of an array and for the whole.  Write errors
 * stay with the stream: look at ferror and fflush when done.  The stream is not
 * locked: one thread writes to it.
 *
 * Text is UTF-8.  A byte that is not part of valid UTF-8 (file names and
 * arguments may have some) is written as the four characters \xHH, HH in lower-case
 * hex, and so that this can be undone, a backslash that is followed by `x` and
 * two such digits of 80 or more, or by `x5c`, is itself written as \x5c.
 * put_decode undoes it.
 */
#ifndef WEIR_PUT_H
#define WEIR_PUT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

enum put_layout {
        PUT_LINES,  /* each member on a line of its own */
        PUT_INLINE, /* all of it on one line */
};

enum { PUT_DEPTH_MAX = 32 };

struct put {
        FILE *out;
        unsigned depth;
        struct {
                char close;
                bool lines, any; /* members on lines; has members */
        } levels[PUT_DEPTH_MAX];
};

static inline struct put put_to(FILE *out)
{
        return (struct put){ .out = out };
}

void put_object(struct put *j, const char *key, enum put_layout layout);
void put_array(struct put *j, const char *key, enum put_layout layout);
/* Ends the innermost object or array; after the outermost, a new line. */
void put_end(struct put *j);

void put_text(struct put *j, const char *key, const char *text); /* NULL: null */
/* Foreign text for other readers than json_read: see escape.h. */
void put_foreign(struct put *j, const char *key, const char *text); /* NULL: null */
/* A string in parts: between the two, print to `out` with ESCAPE_JSON. */
void put_open_text(struct put *j, const char *key);
void put_close_text(struct put *j);
void put_number(struct put *j, const char *key, uint64_t value); /* exact to 2^63 - 1, which larger ones become */
void put_signed(struct put *j, const char *key, int64_t value);
void put_bool(struct put *j, const char *key, bool value);
void put_null(struct put *j, const char *key);
void put_address(struct put *j, const char *key, uint64_t value); /* "0x…" */

/* Turns \xHH back into bytes, in place. */
void put_decode(char *text);

#endif
