/*
 * paths.h: the path from a root to each block that has confidence: the one
 * with the strongest weakest edge, and of those a shortest.  The search is
 * breadth first in the order of roots (by kind, then index) and offsets, so
 * that the path does not depend on addresses.
 *
 * Kinds do not need it; who tells of a path makes it: O(blocks + edges), 13
 * bytes a block while it is made and 5 after.
 */
#ifndef WEIR_GRAPH_PATHS_H
#define WEIR_GRAPH_PATHS_H

#include "graph.h"

struct paths {
        const struct graph *graph; /* must outlive it; NULL: not made */
        struct ids from;           /* of each block with confidence the step before it; private */
};

/* One step of a path, as it was found. */
struct confidence_step {
        bool root; /* `from` is an index in snapshot.roots */
        uint64_t from, to;
        uint64_t offset; /* bytes; of far words (EDGE_WORD_FAR) a lower bound */
        enum strength strength;
};

int paths_init(struct paths *p, const struct graph *graph); /* -1 without memory */
void paths_free(struct paths *p);

/* The last step of the path that holds block `id`; false when there is none
 * (lost, or inherited and a root itself). */
bool paths_step(const struct paths *p, uint64_t id, struct confidence_step *step);

/* The weakest step of the path, and of equally weak ones the first from the
 * root; false as above. */
bool paths_weakest(const struct paths *p, uint64_t id, struct confidence_step *step);

#endif
