/*
 * bytes.h: a bounded cursor over bytes that nobody vouches for.  Every parser
 * of binary input reads through it.  A read past the end returns zeroes and
 * makes the cursor bad for good, remembering where; so a parser may read a
 * whole structure and look at bytes_ok once, before it believes any of it.
 */
#ifndef WEIR_BYTES_H
#define WEIR_BYTES_H

#include "error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bytes {
        const uint8_t *data;
        size_t size;
        size_t at;     /* next byte to read; at <= size */
        size_t bad_at; /* where the first read past the end began, if !ok */
        size_t wanted; /* and how many bytes it wanted */
        bool ok;
};

/* `data` must live as long as the cursor. */
static inline struct bytes bytes_of(const void *data, size_t size)
{
        return (struct bytes){ .data = data, .size = size, .ok = true };
}

static inline size_t bytes_left(const struct bytes *b)
{
        return b->ok ? b->size - b->at : 0;
}

/* `n` bytes in place, or NULL when so many are not left. */
const void *bytes_take(struct bytes *b, size_t n);

/* Little-endian integers. */
uint8_t bytes_u8(struct bytes *b);
uint16_t bytes_u16(struct bytes *b);
uint32_t bytes_u32(struct bytes *b);
uint64_t bytes_u64(struct bytes *b);

/* LEB128, at most 10 bytes; a value over 64 bits makes the cursor bad. */
uint64_t bytes_varint(struct bytes *b);

/* Marks the cursor bad at the present place. */
void bytes_fail(struct bytes *b);

/* 0, or -1 with "`what` is truncated at byte AT: N bytes wanted, M left". */
int bytes_check(const struct bytes *b, const char *what, struct error *e);

#endif
