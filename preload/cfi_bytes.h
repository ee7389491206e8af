/*
 * cfi_bytes.h: bounded reading of call-frame information.
 */
#ifndef WEIR_CFI_BYTES_H
#define WEIR_CFI_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* A cursor over [at, end).  Reading past the end or a malformed number sets
 * `bad` and yields 0; callers test it once at the end. */
struct bytes {
        const uint8_t *at, *end;
        bool bad;
};

/* A little-endian number of at most 8 bytes. */
static inline uint64_t take_number(struct bytes *b, size_t size)
{
        uint64_t v = 0;

        if ((size_t)(b->end - b->at) < size) {
                b->bad = true;
                b->at = b->end;
                return 0;
        }
        memcpy(&v, b->at, size);
        b->at += size;
        return v;
}

static inline uint8_t take_u8(struct bytes *b)
{
        return (uint8_t)take_number(b, 1);
}

static inline uint16_t take_u16(struct bytes *b)
{
        return (uint16_t)take_number(b, 2);
}

static inline uint32_t take_u32(struct bytes *b)
{
        return (uint32_t)take_number(b, 4);
}

static inline uint64_t take_u64(struct bytes *b)
{
        return take_number(b, 8);
}

/* LEB128; `extend` says whether the sign is to be spread.  Bits beyond the
 * 64th are dropped. */
static inline uint64_t take_leb(struct bytes *b, bool extend)
{
        uint64_t v = 0;
        unsigned shift = 0;
        uint8_t byte;

        do {
                byte = take_u8(b);
                if (shift < 64)
                        v |= (uint64_t)(byte & 0x7f) << shift;
                shift += 7;
        } while (byte & 0x80 && !b->bad);
        if (extend && shift < 64 && byte & 0x40)
                v |= ~UINT64_C(0) << shift;
        return v;
}

static inline uint64_t take_uleb(struct bytes *b)
{
        return take_leb(b, false);
}

static inline int64_t take_sleb(struct bytes *b)
{
        return (int64_t)take_leb(b, true);
}

static inline void skip(struct bytes *b, uint64_t count)
{
        if ((uint64_t)(b->end - b->at) < count) {
                b->bad = true;
                b->at = b->end;
        } else {
                b->at += count;
        }
}

#endif
