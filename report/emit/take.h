/*
 * take.h: takes values out of foreign JSON by tables, with every check,
 * and knows where it is for the message.
 *
 *     static const struct take_field fields[] = {
 *             { "pid", TAKE_PID, offsetof(struct report_process, pid) },
 *     };
 *
 *     take_fields(&at, value, fields, 1, process)
 *
 * Functions return 0, or -1 with ERROR_BAD_INPUT or without memory.
 */
#ifndef WEIR_TAKE_H
#define WEIR_TAKE_H

#include "../error.h"
#include "report.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

enum take_type {
        TAKE_TEXT,        /* const char *, a string */
        TAKE_MAYBE_TEXT,  /* const char *, a string or null */
        TAKE_FINGERPRINT, /* const char *, 16 hex digits */
        TAKE_U64,         /* uint64_t, from 0 */
        TAKE_U32,         /* uint32_t */
        TAKE_I32,         /* int32_t, any */
        TAKE_PID,         /* int32_t, from 0 */
        TAKE_BOOL,        /* bool */
        TAKE_ADDRESS,     /* uint64_t, "0x..." */
        TAKE_ENUM,        /* an enum: index of the string among `names`, which ends with NULL */
};

struct take_field {
        const char *key;
        enum take_type type;
        size_t offset;            /* of the member it goes to */
        const char *const *names; /* TAKE_ENUM */
        bool optional;            /* came with a later weir: without the key the member keeps what it has, null likewise */
};

/* The field of a member of `struct of` whose key is its name; LATER: an optional one. */
#define TAKE_FIELD(of, type, member)                                    \
        {                                                               \
#member, type, offsetof(struct of, member), NULL, false \
        }
#define TAKE_LATER(of, type, member)                                   \
        {                                                              \
#member, type, offsetof(struct of, member), NULL, true \
        }
/* The same with a key of its own, and for a word among `words`. */
#define TAKE_AS(key, of, type, member)                              \
        {                                                           \
                key, type, offsetof(struct of, member), NULL, false \
        }
#define TAKE_WORD(of, member, words)                                          \
        {                                                                     \
#member, TAKE_ENUM, offsetof(struct of, member), words, false \
        }
#define TAKE_COUNT(fields) (sizeof(fields) / sizeof(fields)[0])

/* Where a reader is. */
struct take {
        struct report *report; /* whose memory texts go to */
        const char *file;
        char path[300];        /* "leaks[3].stack" */
        size_t length;
        struct error *e;
};

/* Parses JSON from memory, through mem.h; duplicate keys are refused.  NULL with
 * an error that calls it `name`; else release it with json_decref. */
json_t *take_load(const char *text, size_t length, const char *name, struct error *e);

/* Goes down to a member and, with what it returned, back up. */
size_t take_down(struct take *at, const char *key);
void take_up(struct take *at, size_t length);

/* "FILE: PATH: expected WHAT, found ..." */
int take_expected(struct take *at, const char *what, const json_t *found);

/* The member, which must be of that jansson type: NULL with an error. */
json_t *take_member(struct take *at, const json_t *object, const char *key, json_type type);

/* The same for one that may be null: `*member` is then NULL. */
int take_maybe(struct take *at, const json_t *object, const char *key, json_type type, json_t **member);

/* One value. */
int take_value(struct take *at, const json_t *value, const struct take_field *field, void *base);

/* All members that the table names. */
int take_fields(struct take *at, const json_t *object, const struct take_field *fields, size_t count, void *base);

/* The same of the member `key`, an object; and of one that may be null: `*there` says
 * whether it is not. */
int take_object(struct take *at, const json_t *object, const char *key, const struct take_field *fields, size_t count,
                void *base);
int take_maybe_object(struct take *at, const json_t *object, const char *key, const struct take_field *fields,
                      size_t count, void *base, bool *there);

/* The member `key`, an array, as `*count` objects of `size` bytes in the
 * report's memory, each filled by `read` from one element. */
typedef int take_element(struct take *at, const json_t *element, void *object);
int take_list(struct take *at, const json_t *object, const char *key, size_t size, take_element *read, void *list,
              size_t *count);

#endif
