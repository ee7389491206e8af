/*
 * json_print.h: prints JSON to a stream as it goes, without building a value:
 * keys in the order they are given, memory for none of it, any size.
 *
 *     struct json_print j = json_print_to(out);
 *
 *     json_object(&j, NULL, JSON_LINES);
 *     json_text(&j, "name", "malloc");
 *     json_array(&j, "sizes", JSON_INLINE);
 *     json_number(&j, NULL, 16);
 *     json_end(&j);
 *     json_end(&j);
 *
 * `key` is NULL for the members of an array and for the whole.  Write errors
 * stay with the stream: look at ferror and fflush when done.
 *
 * Text is UTF-8.  A byte that is not part of valid UTF-8 (file names and
 * arguments may have some) is written as the four characters \xHH, HH in lower-case
 * hex, and so that this can be undone, a backslash that is followed by `x` and
 * two such digits of 80 or more, or by `x5c`, is itself written as \x5c.
 * json_print_decode undoes it.
 */
#ifndef WEIR_JSON_PRINT_H
#define WEIR_JSON_PRINT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

enum json_layout {
        JSON_LINES,  /* each member on a line of its own */
        JSON_INLINE, /* all of it on one line */
};

enum { JSON_DEPTH_MAX = 32 };

struct json_print {
        FILE *out;
        unsigned depth;
        struct {
                char close;
                bool lines, any; /* members on lines; has members */
        } levels[JSON_DEPTH_MAX];
};

static inline struct json_print json_print_to(FILE *out)
{
        return (struct json_print){ .out = out };
}

void json_object(struct json_print *j, const char *key, enum json_layout layout);
void json_array(struct json_print *j, const char *key, enum json_layout layout);
/* Ends the innermost object or array; after the outermost, a new line. */
void json_end(struct json_print *j);

void json_text(struct json_print *j, const char *key, const char *text); /* NULL: null */
void json_number(struct json_print *j, const char *key, uint64_t value); /* exact to 2^63 - 1, which larger ones become */
void json_signed(struct json_print *j, const char *key, int64_t value);
void json_bool(struct json_print *j, const char *key, bool value);
void json_null(struct json_print *j, const char *key);
void json_address(struct json_print *j, const char *key, uint64_t value); /* "0x…" */

/* Turns \xHH back into bytes, in place. */
void json_print_decode(char *text);

#endif
