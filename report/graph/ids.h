/*
 * ids.h: arrays of 40-bit numbers in five bytes each: block ids, edge indexes.
 * 2^40 is beyond any heap, and a byte saved in each array is what lets 100
 * million blocks be analysed in memory that a machine has.
 */
#ifndef WEIR_GRAPH_IDS_H
#define WEIR_GRAPH_IDS_H

#include "../mem.h"

#include <stdint.h>
#include <string.h>

#define ID_NONE ((1ull << 40) - 1)

/* For functions that only fetch: the compiler takes them for functions
 * without effect and drops their calls, unless it has inlined them by then. */
#define FETCHES __attribute__((always_inline)) inline

struct ids {
        uint8_t *bytes;
};

/* `count` ids, all 0; 0 or -1 without memory. */
static inline int ids_init(struct ids *ids, uint64_t count)
{
        if (count > (SIZE_MAX - 8) / 5)
                return -1;
        ids->bytes = mem_alloc((size_t)count * 5 + 8, 1); /* get and prefetch look at eight bytes */
        return ids->bytes ? 0 : -1;
}

static inline void ids_free(struct ids *ids)
{
        mem_free(ids->bytes);
        ids->bytes = NULL;
}

static inline uint64_t ids_get(const struct ids *ids, uint64_t index)
{
        uint64_t value;

        memcpy(&value, ids->bytes + index * 5, sizeof value);
        return value & ID_NONE;
}

static inline void ids_set(struct ids *ids, uint64_t index, uint64_t value)
{
        uint32_t low = (uint32_t)value;

        memcpy(ids->bytes + index * 5, &low, sizeof low);
        ids->bytes[index * 5 + 4] = (uint8_t)(value >> 32);
}

static FETCHES void ids_prefetch(const struct ids *ids, uint64_t index)
{
        __builtin_prefetch(ids->bytes + index * 5);
}

#endif
