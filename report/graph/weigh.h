/*
 * weigh.h: what the stack and type of a cycle are told to be: those with most
 * of its bytes, then blocks; no address decides.
 */
#ifndef WEIR_GRAPH_WEIGH_H
#define WEIR_GRAPH_WEIGH_H

#include "graph.h"
#include "vtable.h"

enum { SMALL_CYCLE = 16 };

struct weight {
        uint64_t stack, identity, vtable, bytes, blocks;
};

/* Of a component of at most SMALL_CYCLE blocks. */
void weigh_small(const struct graph *graph, struct vtables *vtables, uint64_t component, uint64_t size,
                 struct weight *best);

/* Of any other; -1 without memory. */
int weigh_large(const struct graph *graph, struct vtables *vtables, uint64_t component, uint64_t size,
                struct weight *best);

#endif
