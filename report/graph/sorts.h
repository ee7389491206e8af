/*
 * sorts.h: which reachable blocks are of one sort, numbered from 0: equal
 * site, equal type.
 */
#ifndef WEIR_GRAPH_SORTS_H
#define WEIR_GRAPH_SORTS_H

#include "keepers.h"
#include "vtable.h"

struct sort {
        uint32_t site, type; /* numbers, each from 0 */
};

struct sorts {
        uint32_t *of; /* of each block; SORT_NONE for what is not reachable */
        struct sort *list;
        size_t count, capacity;
        uint32_t sites, types; /* how many; type 0 is that of blocks without one */
};

#define SORT_NONE UINT32_MAX

/* 0, or -1 without memory. */
int sorts_init(struct sorts *sorts, const struct graph *graph, const struct retained *retained,
               struct vtables *vtables, const struct keepers_options *options);
void sorts_free(struct sorts *sorts);

/* Of two blocks the one to be told first: the older; where times are equal
 * whatever does not depend on addresses decides. */
bool sorts_before(const struct graph *graph, uint64_t a, uint64_t b);

#endif
