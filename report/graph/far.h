/*
 * far.h: words that point into large blocks far from where any block starts,
 * as those of an allocator do that takes memory from the system in large
 * pieces.  A chunk in which no block starts (pointers_chunk gives NULL) lies,
 * as a rule, wholly in one outer or in none: which is found once for the chunk.
 *
 * One thread at a time may use it.
 */
#ifndef WEIR_GRAPH_FAR_H
#define WEIR_GRAPH_FAR_H

#include "pointers.h"

enum { FAR_CHUNKS = 512 };

struct far {
        struct far_chunk {
                uint64_t key; /* (address >> CHUNK_BITS) + 1; 0 = nothing */
                uint64_t outer;
        } chunks[FAR_CHUNKS]; /* by key */
};

/* What pointers_far says of the address's chunk. */
static inline uint64_t far_outer(struct far *far, const struct pointers *p, uint64_t address)
{
        uint64_t key = (address >> CHUNK_BITS) + 1;
        struct far_chunk *chunk = &far->chunks[key % FAR_CHUNKS];

        if (chunk->key != key)
                *chunk = (struct far_chunk){ .key = key, .outer = pointers_far(p, address) };
        return chunk->outer;
}

#endif
