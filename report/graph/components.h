/*
 * components.h: the strongly connected components of what is lost.
 *
 * An edge counts between lost blocks when it is STRENGTH_INTERIOR or stronger;
 * this one predicate (components_edge) decides components, sources and owners.
 *
 * Tarjan's algorithm in the form of D. Pearce, "A Space-Efficient Algorithm
 * for Finding Strongly Connected Components" (Information Processing Letters
 * 116, 2016): one number for each block, no recursion.  Components are numbered
 * in topological order: an edge never leads to a lower number.
 */
#ifndef WEIR_GRAPH_COMPONENTS_H
#define WEIR_GRAPH_COMPONENTS_H

#include "confidence.h"

/* The lost blocks as a set with ranks: a line of the cache holds the bits of
 * 448 blocks and how many members there are before. */
enum { RANK_BLOCKS = 448 };

struct rank_line {
        uint64_t before;
        uint64_t bits[7];
};

struct components {
        struct rank_line *lines;
        uint64_t lost;     /* blocks */
        uint64_t count;    /* components */
        struct ids of;     /* by rank: the block's component */
        struct ids order;  /* block ids, by component */
        struct ids first;  /* of each component its first place in `order`; and the end */
};

static inline bool components_lost(const struct components *c, uint64_t id)
{
        uint64_t bit = id % RANK_BLOCKS;

        return c->lines[id / RANK_BLOCKS].bits[bit / 64] >> bit % 64 & 1;
}

/* How many lost blocks have a lower id. */
static inline uint64_t components_rank(const struct components *c, uint64_t id)
{
        const struct rank_line *line = &c->lines[id / RANK_BLOCKS];
        uint64_t bit = id % RANK_BLOCKS, rank = line->before;

        for (unsigned i = 0; i < bit / 64; i++)
                rank += (uint64_t)__builtin_popcountll(line->bits[i]);
        return rank + (uint64_t)__builtin_popcountll(line->bits[bit / 64] & ((1ull << bit % 64) - 1));
}

/* Does the edge of a lost block count? */
static inline bool components_edge(const struct components *c, edge_t edge)
{
        return edge_strength(edge) >= STRENGTH_INTERIOR && components_lost(c, edge_target(edge));
}

/* The component of a lost block. */
static inline uint64_t components_of(const struct components *c, uint64_t id)
{
        return ids_get(&c->of, components_rank(c, id));
}

static inline uint64_t components_size(const struct components *c, uint64_t component)
{
        return ids_get(&c->first, component + 1) - ids_get(&c->first, component);
}

/* A member; index < components_size. */
static inline uint64_t components_member(const struct components *c, uint64_t component, uint64_t index)
{
        return ids_get(&c->order, ids_get(&c->first, component) + index);
}

int components_run(struct components *c, const struct scan *scan, const struct confidence *confidence,
                   uint64_t blocks, struct error *e);
void components_free(struct components *c);

#endif
