/*
 * store.h: the memory of what one thread remembers of its stacks.
 *
 * One run of memory, which fills, and an index into it.  Nothing in it moves
 * or changes once it is made, and nothing is taken back alone: when it is full,
 * all is forgotten, and what the program still does is learned again.  It
 * begins small, inside the thread's own memory; a thread that keeps walking
 * stacks that it walked before gets a larger one out of the process's
 * allowance.
 *
 * The index is buckets of four entries, the youngest first.  An entry is
 *
 *     bits  0..12  of its hash
 *     bit  13      what is there (enum store_kind)
 *     bits 14..31  where, in units from the memory's beginning; never 0
 *
 * It says what may be meant and no more; the rest is the reader's to prove.
 *
 * Private to one thread.
 */
#ifndef WEIR_STORE_H
#define WEIR_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum store_kind { STORE_LEAF, STORE_LIMB };

enum {
        STORE_UNIT = 16, /* bytes; 2^18 of them are more than is ever mapped */
        STORE_TAG = 14,  /* bits */
        STORE_WAYS = 4,  /* entries of a bucket */

        /* Sizes at first, in bytes; each growth doubles them. */
        STORE_INDEX = 4 * 1024,
        STORE_MEMORY = 48 * 1024,

        /* What larger ones of all threads may take together, in bytes. */
        STORE_ALLOWANCE = 1792 * 1024,
};

/* Zeroed memory is valid once it was reset. */
struct store {
        uint32_t *index;
        char *memory;
        uint32_t index_mask;    /* a multiple of a bucket, in bytes */
        uint32_t bytes;         /* of the memory */
        uint32_t end;           /* what of it is in use */
        uint32_t walked, again; /* stacks walked since it was empty, and those that were known */
        bool full;              /* store_take had to refuse */
        size_t mapped;          /* bytes of both; 0: they are the ones below */
        _Alignas(64) char own[STORE_INDEX + STORE_MEMORY];
};

static inline uint64_t store_mix(uint64_t hash)
{
        return hash * UINT64_C(0x9e3779b97f4a7c15);
}

static inline uint32_t *store_bucket(const struct store *s, uint64_t hash)
{
        return (uint32_t *)((char *)s->index + (hash >> 32 & s->index_mask));
}

static inline uint32_t store_tag(uint64_t hash, enum store_kind kind)
{
        return (hash >> 19 & ((1 << (STORE_TAG - 1)) - 1)) | (uint32_t)kind << (STORE_TAG - 1);
}

/* Whether an entry may be the one meant. */
static inline bool store_meant(uint32_t entry, uint32_t tag)
{
        return entry && ((entry ^ tag) & ((1 << STORE_TAG) - 1)) == 0;
}

static inline void *store_at(const struct store *s, uint32_t entry)
{
        return s->memory + (size_t)(entry >> STORE_TAG) * STORE_UNIT;
}

/* Forgets all; keeps larger arrays. */
void store_reset(struct store *s);

/* Gives larger arrays back: the memory may be wiped then. */
void store_release(struct store *s);

/* Counts a walk of a stack, `again` when it was known before. */
static inline void store_walked(struct store *s, bool again)
{
        s->walked++;
        s->again += again;
}

/* When it is full: forgets all, in a larger memory where that serves.  False when
 * all is kept, so soon after the last time. */
bool store_make_room(struct store *s);

/* Takes memory; NULL when there is not enough. */
void *store_take(struct store *s, size_t bytes);

/* Puts what was taken into the bucket of `hash`, whose oldest entry goes. */
void store_index(struct store *s, uint64_t hash, enum store_kind kind, const void *what);

#endif
