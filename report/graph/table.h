/*
 * table.h: a hash table from 64-bit keys to 64-bit values.
 */
#ifndef WEIR_GRAPH_TABLE_H
#define WEIR_GRAPH_TABLE_H

#include "../mem.h"

#include <stdbool.h>
#include <stdint.h>

struct table_entry {
        uint64_t key, value;
        bool used;
};

struct table {
        struct table_entry *entries; /* open addressing; a power of two */
        uint64_t size, count;
};

/* The value of the key, made 0 when it is new (`*fresh`, which may be NULL,
 * says so).  NULL without memory.  Valid until the next call. */
uint64_t *table_put(struct table *table, uint64_t key, bool *fresh);

/* The value of the key, or NULL when there is none. */
const uint64_t *table_get(const struct table *table, uint64_t key);

void table_free(struct table *table);

/* A good mix of two numbers. */
static inline uint64_t hash_mix(uint64_t a, uint64_t b)
{
        uint64_t x = (a ^ (b + 0x9e3779b97f4a7c15ull + (a << 6) + (a >> 2))) * 0xff51afd7ed558ccdull;

        x ^= x >> 32;
        x *= 0xc4ceb9fe1a85ec53ull;
        return x ^ x >> 29;
}

#endif
