/*
 * fields.h: what the sections of a capture file are made of: the numbers of a
 * struct, strings and lists, out and in.  Readers leave the cursor bad where the
 * content makes no sense.  Private to the capture file.
 */
#ifndef WEIR_FIELDS_H
#define WEIR_FIELDS_H

#include "../bytes.h"
#include "pack.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { FIELDS_LIST_MOST = 1 << 20 }; /* bytes; a list in a section is cut there: no report shows that much */

/* A number of a struct. */
struct fields_number {
        size_t offset;
        uint8_t size; /* 1, 4, 8 bytes */
        bool is_signed;
        uint64_t most; /* greatest value that makes sense; 0 = any */
};

#define FIELDS_NUMBER(type, field, ...)                                                                        \
        {                                                                                                      \
                .offset = offsetof(struct type, field), .size = sizeof(((struct type *)0)->field), __VA_ARGS__ \
        }
#define FIELDS_COUNT(array) (sizeof(array) / sizeof(array)[0])

/* The numbers of the struct at `object`, one after another as the table has
 * them; read, one that does not fit its field or is above its `most` makes the
 * cursor bad. */
void fields_pack_numbers(struct pack *pack, const void *object, const struct fields_number *numbers, size_t count);
void fields_read_numbers(struct bytes *b, void *object, const struct fields_number *numbers, size_t count);

/* What pack_signed wrote. */
int64_t fields_read_signed(struct bytes *b);

/* A string of its own, "" never NULL; *text NULL and the cursor bad when it
 * makes no sense.  -1 without memory. */
int fields_read_string(struct bytes *b, char **text);

/* A string in place of the one that is there; -1 without memory. */
int fields_replace_string(struct bytes *b, char **text);

/* A number of entries, each of at least `least` bytes, that is not more than
 * what is left can hold. */
uint64_t fields_read_count(struct bytes *b, size_t least);

/* Writes a list of `count` entries, and releases them. */
void fields_pack_list(struct pack *pack, struct pack *entries, uint64_t count);
void fields_pack_strings(struct pack *pack, char *const *list, size_t count);

/* `extra` more pointers, NULL, at the end.  The list is whole or bad; -1 without
 * memory. */
int fields_read_strings(struct bytes *b, char ***list, size_t *count, size_t extra);

#endif
