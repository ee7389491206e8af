/*
 * example.h: who refers to the groups' examples, and to whom they refer.
 */
#ifndef WEIR_GRAPH_EXAMPLE_H
#define WEIR_GRAPH_EXAMPLE_H

#include "group.h"

/* Fills reference_count, referenced_by and references of all examples, at most
 * `limit` references of each sort: one walk over all edges.  -1 without
 * memory. */
int examples_fill(const struct graph *graph, struct groups *groups, size_t limit);

#endif
