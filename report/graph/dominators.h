/*
 * dominators.h: immediate dominators of a directed graph, and sums over the
 * tree they form: what a vertex alone keeps.
 *
 * The Semi-NCA algorithm of L. Georgiadis, "Linear-Time Algorithms for
 * Dominators and Related Problems" (Princeton, 2005), with simple path
 * compression, O(edges log vertices); no recursion.  Needs about 35 bytes for a
 * vertex and 5 for an edge, most of it only while it runs.
 */
#ifndef WEIR_GRAPH_DOMINATORS_H
#define WEIR_GRAPH_DOMINATORS_H

#include "../error.h"
#include "ids.h"

#include <stdbool.h>

/* The successors of a vertex, one after the other: called with *cursor 0 at
 * first, then with what the call before left there; ID_NONE after the last.
 * Must give the same each time it is asked; it is asked three times. */
typedef uint64_t dominators_next(void *context, uint64_t vertex, uint64_t *cursor);

struct dominators {
        uint64_t count;   /* vertices, numbered from 0 */
        uint64_t reached; /* from the root, itself with it */
        struct ids idom;  /* of each vertex its immediate dominator; ID_NONE for the root and what it does not reach */
        struct ids order; /* the reached vertices; a vertex comes after its dominator */
};

int dominators_run(struct dominators *d, uint64_t count, uint64_t root, dominators_next *next, void *context,
                   struct error *e);
void dominators_free(struct dominators *d);

/* Adds to each vertex's value those of all that it dominates.  `values` has
 * one for each vertex. */
void dominators_sum(const struct dominators *d, uint64_t *values);

#endif
