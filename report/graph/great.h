/*
 * great.h: the great component of a heap that is one tangle, found without
 * Tarjan's search, which waits for memory at every step: what a block in the
 * middle of it reaches (mark.h), and which of that reaches the block in turn,
 * found by going over the edges as they lie in memory until nothing is added
 * (some six times in a random graph).  Given up when that converges slowly.
 */
#ifndef WEIR_GRAPH_GREAT_H
#define WEIR_GRAPH_GREAT_H

#include "components.h"

enum { GREAT_LEAST = 1 << 16 }; /* lost blocks from which on it is tried */

struct great {
        uint64_t size;     /* blocks of the component; 0 = none was found */
        uint64_t *members; /* bit for each block; NULL when there is none */
        uint8_t *reached;  /* of each block, whether it is reached from the component (and so its members are) */
};

/* Needs c->lost_bits and c->lost.  0, also when there is none; -1 without
 * memory. */
int great_find(struct great *g, const struct components *c, const struct scan *scan, uint64_t blocks);
void great_free(struct great *g);

#endif
