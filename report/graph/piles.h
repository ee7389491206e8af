/*
 * piles.h: the groups of group.h while they are made: piles of equal blocks, in
 * the order of group.h once that is asked for.
 */
#ifndef WEIR_GRAPH_PILES_H
#define WEIR_GRAPH_PILES_H

#include "arena.h"
#include "group.h"
#include "tally.h"

/* Of `group` the keys are set, what is summed over its blocks, and what the
 * maker of the groups adds. */
struct pile {
        struct group group;
        uint64_t *examples; /* ids of the blocks that come first, in order */
        size_t example_count;
        uint32_t owners; /* indirect: a set */
        uint32_t place;  /* before the last piles_order */
};

/* All zero but for the first three is an empty list. */
struct piles {
        const struct block *blocks; /* of the snapshot */
        size_t examples;            /* kept of each pile; not 0 */
        struct group_arena **arena; /* where they are, and stay after piles_free */
        struct pile *list;
        size_t count, capacity;
        struct table keys;           /* -> index in list */
        struct tally sizes, threads; /* blocks by pile and size, by pile and thread */
};

/* The index of the pile that is like `like` in kind, stack, vtable, shape and
 * weak_strength and has these owners, made when there is none since the last
 * piles_order; SIZE_MAX without memory. */
size_t piles_find(struct piles *p, const struct group *like, uint32_t owners);

/* Adds the block to the pile: its sums, times, tallies and examples.  0, or -1
 * without memory. */
int piles_add(struct piles *p, size_t index, uint64_t id);

/* Sorts the piles as group.h says; *places, to be released with mem_free, says
 * by their old indexes where they went.  0, or -1 without memory. */
int piles_order(struct piles *p, uint32_t **places);

void piles_free(struct piles *p);

#endif
