/*
 * sort.h: ascending order of 64-bit numbers, without recursion.
 */
#ifndef WEIR_GRAPH_SORT_H
#define WEIR_GRAPH_SORT_H

#include <stddef.h>
#include <stdint.h>

/* Sorts `values` in place.  `scratch` has room for `count` values too; it may
 * be NULL, then the sort is slower for large counts. */
void sort_u64(uint64_t *values, uint64_t *scratch, size_t count);

#endif
