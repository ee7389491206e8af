/*
 * cuts.h: which edges of a graph lie on its cycles, and what to take away so
 * that none is left.  Pure algorithms on a graph in compressed rows; nothing
 * here knows of blocks.
 *
 * No recursion; all of it in O(vertices + edges), whatever the length of the
 * cycles.  All functions that return an int return 0, or -1 without memory.
 */
#ifndef WEIR_GRAPH_CUTS_H
#define WEIR_GRAPH_CUTS_H

#include <stdbool.h>
#include <stdint.h>

#define CUT_NONE UINT32_MAX

/* No loops, no two edges from one vertex to the same other. */
struct digraph {
        uint32_t count, edge_count; /* both below CUT_NONE - 1 */
        uint32_t *row;              /* of each vertex its first edge; and the end */
        uint32_t *to;               /* of each edge its target */
};

/* A cycle of it: vertices[i] -> vertices[i + 1] by edges[i], the last to the
 * first; no vertex twice.  Where twins[i] is not CUT_NONE it is another edge of
 * vertices[i], not on the cycle, that goes when edges[i] goes. */
struct cycle {
        uint32_t length;
        uint32_t *vertices, *edges, *twins;
};

/*
 * Which steps of `cycle` lie on every cycle of the graph: ends[i] = 1 where the
 * graph without edges[i] (and its twin) has no cycle, else 0.  An edge that
 * breaks all cycles breaks this one: there are no others.
 *
 * Without the cycle's edges the rest must be acyclic, or no step ends
 * everything.  Then a path of the rest from place a of the cycle to place b is a
 * way round all steps from a up to b: those do not end everything, all that no
 * such path passes by do.  The furthest and the nearest place that each vertex
 * reaches are found in topological order.
 */
int cuts_single(const struct digraph *d, const struct cycle *cycle, uint8_t *ends);

/* Looks for a cycle among the edges without a bit in `gone`.  Fills
 * found->vertices and ->edges (room for d->count each), length 0 = there is
 * none. */
int cuts_find_cycle(const struct digraph *d, const uint64_t *gone, struct cycle *found);

/* Sets in `gone` (zeroed, a bit for each edge) the edges that lead back in a
 * depth-first search from `start`, then from all vertices not yet seen: to one
 * that is being visited.  Without them there is no cycle, and with any of them
 * again there is one.  Where a structure is searched from its top these are the
 * pointers to parents, owners and predecessors. */
int cuts_back_edges(const struct digraph *d, uint32_t start, uint64_t *gone);

static inline bool cuts_is_gone(const uint64_t *gone, uint32_t edge)
{
        return gone[edge / 64] >> edge % 64 & 1;
}

#endif
