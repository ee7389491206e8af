/*
 * edges.h: the edges of one block put in order.
 */
#ifndef WEIR_GRAPH_EDGES_H
#define WEIR_GRAPH_EDGES_H

#include "scan.h"

/* Room for sorting, kept from row to row; all zero at first. */
struct edge_scratch {
        edge_t *edges;
        size_t capacity;
};

/* Leaves one edge for each target, the strongest, and of equals the first, in
 * the order of words; returns how many.  `count` may be any; without memory for
 * the scratch it takes longer. */
uint64_t edges_merge(edge_t *edges, uint64_t count, struct edge_scratch *spare);

/* Orders edges of one block by target, or by word again.  `scratch` has room
 * for as many, or is NULL. */
void edges_by_target(edge_t *edges, uint64_t *scratch, uint64_t count);
void edges_by_word(edge_t *edges, uint64_t *scratch, uint64_t count);

#endif
