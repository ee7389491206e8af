/*
 * graph.h: the reference graph of one snapshot, and what it says of each
 * block (DESIGN.md section 4).
 *
 *     struct graph graph;
 *     struct groups groups;
 *     if (graph_analyse(&graph, &snapshot, &e) || groups_build(&groups, &graph, NULL, &e))
 *             ...
 *     groups_release(&groups);
 *     graph_release(&graph);
 *
 * The nodes are the snapshot's blocks, named by their index ("id") in
 * snapshot.blocks.  Stages, each in a file of its own:
 *
 *     pointers    which block a word points at
 *     scan        the words of blocks and roots that are edges, with strengths
 *     strengths   interior edges that a rule explains become `known`
 *     confidence  the widest path from the roots to each block
 *     components  strongly connected components of what is lost
 *     owners      which leak holds each lost block; exclusive sums
 *
 * What it says never depends on the order of addresses.  No recursion: depth
 * costs memory only.  Reads the process's memory through snapshot.memory, so
 * the process must be held until graph_analyse and groups_build have returned.
 *
 * Invariants after graph_analyse, checked by the tests:
 *     blocks by kind sum to the reported blocks
 *     sum of exclusive bytes over the leaks + shared bytes == lost bytes
 */
#ifndef WEIR_GRAPH_H
#define WEIR_GRAPH_H

#include "../capture/snapshot.h"
#include "../emit/report.h"
#include "components.h"
#include "confidence.h"
#include "owners.h"
#include "pointers.h"
#include "scan.h"
#include "strengths.h"

struct graph {
        const struct snapshot *snapshot; /* borrowed; must outlive the graph */
        struct pointers pointers;
        struct scan scan;
        struct confidence confidence;
        struct components components; /* of the lost blocks */
        struct owners owners;         /* of the components */
        uint64_t lost_blocks, lost_bytes;
};

/* Builds the graph of `snapshot` and classifies every block.  On failure
 * `graph` holds nothing and need not be released. */
int graph_analyse(struct graph *graph, const struct snapshot *snapshot, struct error *e);
void graph_release(struct graph *graph);

/* The kind of block `id`; never KIND_UNKNOWN.  For an inherited block the kind
 * is that of its confidence (it is no leak, see graph_reported). */
enum kind graph_kind(const struct graph *graph, uint64_t id);

/* False for blocks that are nodes only: inherited from before a fork. */
static inline bool graph_reported(const struct graph *graph, uint64_t id)
{
        return !(graph->snapshot->blocks[id].flags & BLOCK_INHERITED);
}

/* Strength of the widest path from a root; STRENGTH_NONE = lost. */
static inline enum strength graph_confidence(const struct graph *graph, uint64_t id)
{
        return (enum strength)graph->confidence.of[id];
}

#endif
