/*
 * shape.h: labels by which equal structures are known: two rounds of the
 * refinement of B. Weisfeiler and A. Lehman (1968).  A lost block's first label
 * is its stack and type; each round adds the set of labels of the lost blocks
 * it points at.  Sets, not lists: a tree with more branches, or a longer list,
 * built by the same code has the same shape.  No address goes in.
 */
#ifndef WEIR_GRAPH_SHAPE_H
#define WEIR_GRAPH_SHAPE_H

#include "graph.h"
#include "vtable.h"

enum { SHAPE_ROUNDS = 2 };

struct shapes {
        uint64_t *labels; /* of each lost block, by rank */
};

/* 0, or -1 without memory.  Reads memory (vtables). */
int shapes_init(struct shapes *s, const struct graph *graph, struct vtables *vtables);
void shapes_free(struct shapes *s);

/* The shape of a component: for a single block its label; for more the
 * multiset of its members' labels, and their number. */
uint64_t shapes_component(const struct shapes *s, const struct graph *graph, uint64_t component);

#endif
