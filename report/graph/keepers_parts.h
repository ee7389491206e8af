/*
 * keepers_parts.h: what the parts of keepers.h share.  Private to them.
 */
#ifndef WEIR_GRAPH_KEEPERS_PARTS_H
#define WEIR_GRAPH_KEEPERS_PARTS_H

#include "keepers.h"
#include "sorts.h"

struct keeping {
        struct keepers *keepers;
        const struct graph *graph;
        const struct recounts *recounts;
        const struct keepers_options *options;
        uint64_t blocks; /* vertices below are blocks */
        struct sorts sorts;
        struct domtree tree;
};

/* How many of `count` entries are told. */
static inline size_t keeping_limit(const struct keeping *k, size_t count)
{
        return k->options->limit && k->options->limit < count ? k->options->limit : count;
}

/* The sort of a vertex; SORT_NONE for holders and the virtual root. */
static inline uint32_t keeping_sort(const struct keeping *k, uint64_t vertex)
{
        return vertex < k->blocks ? k->sorts.of[vertex] : SORT_NONE;
}

/* Each fills its lists; 0, or -1 without memory. */
int keepers_sums(struct keeping *k);
int keepers_lines(struct keeping *k);
int keepers_points(struct keeping *k);

#endif
