/*
 * keepers.h: where the memory of a live heap is, and what keeps it, as a
 * person asks it of the dominator tree (retained.h):
 *
 *     sums     what each site, and each type, has and keeps
 *     tree     the heap from the roots down, the heaviest first
 *     points   accumulation points: what alone keeps many blocks of one sort
 *     blocks   the blocks that keep most, and who refers to them
 *
 * Blocks are of one sort when site and type are equal.  Of a linked list or
 * a tree each node keeps the next ones of its sort: such nodes count as one
 * structure with its head, in the tree and in the points.
 *
 * The order never depends on addresses.  Reads no memory: see recounts.h for
 * what must be known before the process goes on.
 */
#ifndef WEIR_GRAPH_KEEPERS_H
#define WEIR_GRAPH_KEEPERS_H

#include "arena.h"
#include "domtree.h"
#include "group.h"
#include "recounts.h"
#include "retained.h"
#include "vtable.h"

enum { KEEPERS_POINT = 100 }; /* blocks of one sort that make an accumulation point */

/* A site or a type.  What a set of blocks retains is what the topmost of them
 * retain: nothing is counted twice. */
struct keepers_sum {
        uint64_t first; /* the oldest block */
        uint64_t blocks, bytes, retained_blocks, retained_bytes;
};

/* A line of the tree: a holder, or blocks of one sort that hang from the line
 * above (whose depth is one less), with those of their sort that they alone
 * keep. */
struct keepers_line {
        unsigned depth;   /* 0: from the roots */
        uint64_t holder;  /* ID_NONE: blocks */
        uint64_t first;   /* the oldest of them; ID_NONE for a holder */
        uint64_t tops;    /* how many of them hang from the line above */
        uint64_t blocks, bytes; /* all of them */
        uint64_t retained_blocks, retained_bytes;
        uint64_t from, offset; /* block `from` of the line above points at `first`, at this offset; ID_NONE: not one */
        enum strength strength;
        uint64_t more, more_blocks, more_bytes; /* lines below it that are left out, and what those retain */
};

/* One block or holder that alone keeps many blocks of one sort: the elements
 * of a container, or the nodes that hang from a list's head. */
struct keepers_point {
        uint64_t parent; /* a vertex of retained.h: block, holder or the virtual root */
        uint64_t first;  /* the oldest element that hangs from it */
        uint64_t tops, blocks, bytes; /* elements: directly below, all, and their own bytes */
        uint64_t retained_blocks, retained_bytes;
};

struct keepers_options {
        /* Sites that are one to a person have equal keys; NULL: each stack is
         * a site. */
        uint64_t (*site)(void *context, uint32_t stack);
        /* The same of types, by stack and vtable (0: none); 0 = no type.  NULL:
         * each vtable is a type. */
        uint64_t (*type)(void *context, uint32_t stack, uint64_t vtable);
        void *context;
        const struct retained_holders *holders; /* may be NULL */
        size_t limit;      /* entries of each list; 0 = all */
        size_t references; /* of each block */
};

struct keepers {
        struct retained retained;
        struct keepers_sum *sites, *types;
        struct keepers_line *lines;
        struct keepers_point *points;
        struct group_example *blocks;
        size_t site_count, type_count, line_count, point_count, block_count;
        uint64_t sites_total, types_total, points_total, blocks_total; /* of each list, what is left out with it */
        uint64_t typed_blocks, typed_bytes; /* of all reachable ones */
        uint64_t inherited_blocks, inherited_bytes;
        uint64_t more, more_blocks, more_bytes; /* of the tree: lines from the roots that are left out */
        struct group_arena *arena; /* private */
};

/* On failure `keepers` holds nothing and need not be released. */
int keepers_run(struct keepers *keepers, const struct graph *graph, struct vtables *vtables,
                const struct recounts *recounts, const struct keepers_options *options, struct error *e);
void keepers_release(struct keepers *keepers);

#endif
