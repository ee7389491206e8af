/*
 * pointers.h: which block a word points at.
 *
 * The address space is cut into chunks of 256 KiB; a hash table knows the
 * chunks that blocks touch, so that most words that are no pointers end there.
 * A chunk's granules of 256 bytes say how many blocks start before each, and
 * `low` holds, in four bytes a block, its start within the chunk and its size.
 * So a pointer costs one miss in `granules` and one in `low`, both of which
 * can be fetched ahead (pointers_stage).  Blocks that hold others, and blocks
 * of 1 MiB and more, are also in `outers`, searched when the above says no.
 *
 * The pointee of an address is the innermost block that contains it.  An
 * address one past a block's end, where no block starts, is its `end`; inside
 * a mapping such an address is both.
 */
#ifndef WEIR_GRAPH_POINTERS_H
#define WEIR_GRAPH_POINTERS_H

#include "../capture/snapshot.h"
#include "ids.h"

enum {
        CHUNK_BITS = 18,
        GRANULE_BITS = 8,
        CHUNK_GRANULES = 1 << (CHUNK_BITS - GRANULE_BITS),
        CHUNK_MASK = (1 << CHUNK_BITS) - 1,
        LOW_SIZE_BITS = 32 - CHUNK_BITS,
        LOW_SIZE_UNKNOWN = (1 << LOW_SIZE_BITS) - 1,
        LOW_SPARE = 4, /* entries of `low` after the last */
};

struct pointer_chunk {
        uint64_t key;      /* (address >> CHUNK_BITS) + 1; 0 = empty slot */
        uint64_t first;    /* id of the first block that starts in it or later */
        uint64_t granules; /* index of its first granule; see struct pointers */
};

struct pointer_outer {
        uint64_t id, start, end;
        uint64_t parent; /* index of the outer around it, or ID_NONE */
};

struct pointers {
        const struct block *blocks;
        uint64_t count;
        uint64_t least, span;         /* addresses in [least, least + span] may point at a block or its end */
        struct pointer_chunk *chunks; /* hash table, linear probing */
        unsigned chunk_shift;         /* 64 - log2 of its size */
        uint16_t *granules;           /* of each chunk CHUNK_GRANULES + 1: blocks of the chunk that start before it */
        uint32_t *low; /* of each block: start in its chunk << LOW_SIZE_BITS | size, or LOW_SIZE_UNKNOWN */
        struct pointer_outer *outers; /* ascending by id */
        size_t outer_count;
};

/* What an address hits; ids, or ID_NONE. */
struct pointee {
        uint64_t inside; /* the innermost block that contains it */
        uint64_t end;    /* the block that ends there (no block starts there) */
        uint64_t offset; /* in `inside` */
};

int pointers_init(struct pointers *p, const struct block *blocks, uint64_t count, struct error *e);
void pointers_free(struct pointers *p);

struct pointee pointers_find(const struct pointers *p, uint64_t address);

/* The block that starts at the address (the innermost), or ID_NONE. */
uint64_t pointers_exact(const struct pointers *p, uint64_t address);

/* The index in `outers` of the block, or ID_NONE when it is none. */
uint64_t pointers_outer(const struct pointers *p, uint64_t id);

/* Could the address hit anything?  One comparison. */
static inline bool pointers_near(const struct pointers *p, uint64_t address)
{
        return address - p->least <= p->span;
}

/* The chunk of an address, or NULL when no block touches that chunk (it may
 * still be inside an outer).  Valid as long as `p`. */
static inline const struct pointer_chunk *pointers_chunk(const struct pointers *p, uint64_t address)
{
        uint64_t key = (address >> CHUNK_BITS) + 1;
        uint64_t mask = (1ull << (64 - p->chunk_shift)) - 1;
        uint64_t slot = key * 0x9e3779b97f4a7c15ull >> p->chunk_shift;

        for (;; slot = (slot + 1) & mask) {
                if (p->chunks[slot].key == key)
                        return &p->chunks[slot];
                if (!p->chunks[slot].key)
                        return NULL;
        }
}

static inline const uint16_t *pointers_granule(const struct pointers *p, const struct pointer_chunk *chunk,
                                               uint64_t address)
{
        return p->granules + chunk->granules + (address >> GRANULE_BITS & (CHUNK_GRANULES - 1));
}

/* Where in `low` the blocks begin that could be at an address, and what that
 * address is there. */
struct pointer_place {
        uint64_t from;
        uint32_t count, key;
};

static inline struct pointer_place pointers_place(const struct pointers *p, const struct pointer_chunk *chunk,
                                                  uint64_t address)
{
        const uint16_t *granule = pointers_granule(p, chunk, address);

        return (struct pointer_place){ .from = chunk->first + granule[0],
                                       .count = (uint32_t)(granule[1] - granule[0]),
                                       .key = (uint32_t)(address & CHUNK_MASK) << LOW_SIZE_BITS };
}

/* How many of the place's blocks start at or before its address. */
static inline uint32_t pointers_before(const struct pointers *p, struct pointer_place place)
{
        const uint32_t *low = p->low + place.from;
        uint32_t at = place.count, last = place.key | LOW_SIZE_UNKNOWN;

        /* Few blocks are counted without a branch that nobody could foretell. */
        if (at <= LOW_SPARE)
                at = (uint32_t)((at > 0) & (low[0] <= last)) + ((at > 1) & (low[1] <= last)) +
                     ((at > 2) & (low[2] <= last)) + ((at > 3) & (low[3] <= last));
        while (at && low[at - 1] > last)
                at--;
        return at;
}

/* Where in the block, which of the chunk is the last to start before the
 * address of the place, that is; 0 where it is not inside, which says nothing. */
static inline uint64_t pointers_inside_at(const struct pointers *p, uint64_t id, struct pointer_place place)
{
        uint32_t low = p->low[id];
        uint64_t size = low & LOW_SIZE_UNKNOWN, offset = (place.key >> LOW_SIZE_BITS) - (low >> LOW_SIZE_BITS);

        if (size == LOW_SIZE_UNKNOWN)
                size = p->blocks[id].size;
        return offset < size ? offset : 0;
}

/* The index of the first outer whose id is at least `id`. */
size_t pointers_outer_from(const struct pointers *p, uint64_t id);

/* Of a chunk in which no block starts (pointers_chunk gave NULL for the
 * address): the index of the innermost outer around all of it; FAR_NONE when no
 * address in it hits anything, FAR_MIXED when that differs from one to the
 * other. */
uint64_t pointers_far(const struct pointers *p, uint64_t address);

#define FAR_NONE  ID_NONE
#define FAR_MIXED (ID_NONE - 1)

/* pointers_find when the chunk is known. */
struct pointee pointers_find_in(const struct pointers *p, const struct pointer_chunk *chunk, uint64_t address);

#endif
