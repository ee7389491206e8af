#include "bytes.h"

#include <string.h>

const void *bytes_take(struct bytes *b, size_t n)
{
        const void *here;

        if (!b->ok)
                return NULL;
        if (n > b->size - b->at) {
                b->ok = false;
                b->bad_at = b->at;
                b->wanted = n;
                return NULL;
        }
        here = b->data + b->at;
        b->at += n;
        return here;
}

static uint64_t little(struct bytes *b, unsigned n)
{
        const uint8_t *p = bytes_take(b, n);
        uint64_t value = 0;

        for (unsigned i = 0; p && i < n; i++)
                value |= (uint64_t)p[i] << (8 * i);
        return value;
}

uint8_t bytes_u8(struct bytes *b)
{
        return (uint8_t)little(b, 1);
}

uint16_t bytes_u16(struct bytes *b)
{
        return (uint16_t)little(b, 2);
}

uint32_t bytes_u32(struct bytes *b)
{
        return (uint32_t)little(b, 4);
}

uint64_t bytes_u64(struct bytes *b)
{
        return little(b, 8);
}

uint64_t bytes_varint(struct bytes *b)
{
        uint64_t value = 0;

        for (unsigned shift = 0; shift < 70; shift += 7) {
                uint8_t byte = bytes_u8(b);

                if (!b->ok)
                        return 0;
                if (shift == 63 && byte > 1)
                        break;
                value |= (uint64_t)(byte & 0x7f) << shift;
                if (!(byte & 0x80))
                        return value;
        }
        bytes_fail(b);
        return 0;
}

void bytes_fail(struct bytes *b)
{
        if (!b->ok)
                return;
        b->ok = false;
        b->bad_at = b->at;
        b->wanted = 0;
}

int bytes_check(const struct bytes *b, const char *what, struct error *e)
{
        if (b->ok)
                return 0;
        if (!b->wanted)
                return error_set(e, ERROR_BAD_INPUT, "%s is damaged at byte %zu", what, b->bad_at);
        return error_set(e, ERROR_BAD_INPUT, "%s is truncated at byte %zu: %zu bytes wanted, %zu left", what, b->bad_at,
                         b->wanted, b->size - b->bad_at);
}
