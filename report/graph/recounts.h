/*
 * recounts.h: how often a block refers to another, and where, for the edges
 * that are too small to say (EDGE_COUNT_MANY, EDGE_WORD_FAR).  Taken while
 * memory can be read, asked later.
 */
#ifndef WEIR_GRAPH_RECOUNTS_H
#define WEIR_GRAPH_RECOUNTS_H

#include "graph.h"
#include "table.h"

struct recounts {
        struct table words, offsets; /* by the edge's index */
};

/* What `block`'s memory says of one edge: the words that point at its target,
 * and the offset of the first; `*words` 0 when it cannot be read. */
void recount_edge(const struct graph *graph, uint64_t block, edge_t edge, uint64_t *words, uint64_t *offset);

/* Takes all such edges to the blocks whose bit is set in `wanted`, or, where
 * that is NULL, to reachable ones; looks at each block's memory once at most.
 * 0, or -1 without memory. */
int recounts_take(struct recounts *recounts, const struct graph *graph, const uint8_t *wanted);
void recounts_free(struct recounts *recounts);

/* What was taken of the edge at scan.edges[index]; false when nothing was. */
bool recounts_get(const struct recounts *recounts, uint64_t index, uint64_t *words, uint64_t *offset);

#endif
