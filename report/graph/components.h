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

enum { COMPONENTS_AHEAD = 16 }; /* places by which memory is fetched ahead that is wanted for certain */

struct components {
        uint64_t *lost_bits; /* of each block, 64 to a word */
        struct ids before;   /* of each such word how many lost blocks come before it */
        uint64_t lost;       /* blocks */
        uint64_t count;      /* components */
        struct ids of;       /* of each lost block its component */
        struct ids order;    /* lost blocks' ids, by component */
        struct ids first;    /* of each component its first place in `order`; and the end */
        uint64_t *great;     /* a component with much of all that is lost: bit for each block; NULL = there is none */
};

static inline bool components_lost(const struct components *c, uint64_t id)
{
        return c->lost_bits[id / 64] >> id % 64 & 1;
}

static inline unsigned count_bits(uint64_t bits)
{
        bits -= bits >> 1 & 0x5555555555555555ull;
        bits = (bits & 0x3333333333333333ull) + (bits >> 2 & 0x3333333333333333ull);
        return (unsigned)(((bits + (bits >> 4)) & 0x0f0f0f0f0f0f0f0full) * 0x0101010101010101ull >> 56);
}

/* How many lost blocks have a lower id: numbers the lost blocks from 0. */
static inline uint64_t components_rank(const struct components *c, uint64_t id)
{
        return ids_get(&c->before, id / 64) + count_bits(c->lost_bits[id / 64] & ((1ull << id % 64) - 1));
}

/* Does the edge of a lost block count? */
static inline bool components_edge(const struct components *c, edge_t edge)
{
        return edge_strength(edge) >= STRENGTH_INTERIOR && components_lost(c, edge_target(edge));
}

/* Does it, and may it lead from one component to another?  No for edges that
 * are known at once to stay in the great one. */
static inline bool components_edge_out(const struct components *c, uint64_t from, edge_t edge)
{
        uint64_t to = edge_target(edge);

        if (c->great && c->great[from / 64] >> from % 64 & c->great[to / 64] >> to % 64 & 1)
                return false;
        return components_edge(c, edge);
}

/* The component of a lost block. */
static inline uint64_t components_of(const struct components *c, uint64_t id)
{
        return ids_get(&c->of, id);
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

/* Fetches what a walk over `order` needs of the blocks after place `at`: their
 * rows, edges and their targets' components. */
static FETCHES void components_fetch(const struct components *c, const struct scan *scan, uint64_t at)
{
        uint64_t count;
        const edge_t *edges;

        if (at + 24 >= c->lost)
                return;
        rows_prefetch(&scan->rows, ids_get(&c->order, at + 24));
        __builtin_prefetch(scan->edges + rows_start(&scan->rows, ids_get(&c->order, at + 12)));
        edges = scan_edges(scan, ids_get(&c->order, at + 6), &count);
        for (uint64_t i = 0; !c->great && i < count && i < 8; i++)
                ids_prefetch(&c->of, edge_target(edges[i]));
}

/* Fetches the block that a walk over the members in their order comes to soon
 * after member `index`, in whatever component. */
static FETCHES void components_fetch_block(const struct components *c, const struct block *blocks, uint64_t component,
                                           uint64_t index)
{
        uint64_t at = ids_get(&c->first, component) + index + COMPONENTS_AHEAD;

        if (at < c->lost) {
                const struct block *block = &blocks[ids_get(&c->order, at)];

                __builtin_prefetch(block);
                __builtin_prefetch(&block->flags);
        }
}

/* The same for the blocks' first words. */
static FETCHES void components_fetch_first(const struct components *c, const struct scan *scan, uint64_t component,
                                           uint64_t index)
{
        uint64_t at = ids_get(&c->first, component) + index + COMPONENTS_AHEAD;

        if (at < c->lost)
                __builtin_prefetch(&scan->first[ids_get(&c->order, at)]);
}

int components_run(struct components *c, const struct scan *scan, const struct confidence *confidence, uint64_t blocks,
                   struct error *e);
void components_free(struct components *c);

#endif
