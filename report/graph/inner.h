/*
 * inner.h: the inside of one component: its blocks numbered from 0 in place
 * of ids, and the edges between them.
 */
#ifndef WEIR_GRAPH_INNER_H
#define WEIR_GRAPH_INNER_H

#include "cuts.h"
#include "group.h"
#include "vtable.h"

struct inner {
        const struct graph *graph;
        struct vtables *vtables;
        uint64_t component;
        struct digraph d;
        uint64_t *edges; /* of each edge its index in scan.edges; in a row ascending by offset */
};

/* How many edges there are inside the component: not those from a block to
 * itself. */
uint64_t inner_count_edges(const struct graph *graph, uint64_t component);

/* Fills d.row, d.to and edges from all else, which the caller has set.  0, or
 * -1 without memory and with nothing to free. */
int inner_init(struct inner *inner);
/* Releases what inner_init made; a zeroed one is allowed. */
void inner_free(struct inner *inner);

static inline uint64_t inner_id(const struct inner *inner, uint32_t vertex)
{
        return components_member(&inner->graph->components, inner->component, vertex);
}

static inline const struct block *inner_block(const struct inner *inner, uint32_t vertex)
{
        return &inner->graph->snapshot->blocks[inner_id(inner, vertex)];
}

static inline edge_t inner_edge(const struct inner *inner, uint32_t edge)
{
        return inner->graph->scan.edges[inner->edges[edge]];
}

/* Does vertex `a` come first?  The older does; see sorts_before. */
bool inner_before(const struct inner *inner, uint32_t a, uint32_t b);

/* The edge `edge` of `vertex` for a reader.  Reads memory. */
struct group_step inner_step(const struct inner *inner, uint32_t vertex, uint32_t edge);

/* Of the edge that is half of a shared pointer the other half's, CUT_NONE when
 * it is not or that word leads elsewhere.  `step` is the edge's. */
uint32_t inner_twin(const struct inner *inner, uint32_t vertex, uint32_t edge, const struct group_step *step);

#endif
