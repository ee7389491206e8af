/*
 * example.h: who refers to some blocks, and to whom they refer.
 */
#ifndef WEIR_GRAPH_EXAMPLE_H
#define WEIR_GRAPH_EXAMPLE_H

#include "arena.h"
#include "group.h"
#include "recounts.h"
#include "vtable.h"

/* Fills vtable, reference_count, referenced_by and references of all the
 * groups' examples, at most `limit` references of each sort: one walk over all
 * edges.  Reads memory.  -1 without memory. */
int examples_fill(const struct graph *graph, struct groups *groups, struct vtables *vtables, size_t limit);

/* The same of examples of which only `block` is known, no two of one block.
 * With `recounts` it reads no memory. */
struct example_request {
        const struct recounts *recounts; /* NULL: read memory */
        struct group_arena **arena;      /* where the references go */
        size_t limit;
        struct vtables *vtables;         /* NULL: classes are not asked */
};
int examples_fill_list(const struct graph *graph, struct group_example *const *examples, size_t count,
                       const struct example_request *request);

#endif
