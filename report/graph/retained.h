/*
 * retained.h: what each reachable block alone keeps: the dominator tree of
 * the live heap under a virtual root that holds what the roots hold.
 */
#ifndef WEIR_GRAPH_RETAINED_H
#define WEIR_GRAPH_RETAINED_H

#include "dominators.h"
#include "graph.h"

struct retained {
        struct dominators dominators; /* vertices: block ids, then the virtual root */
        uint64_t *bytes;  /* of each block: its own and of all that only it keeps; 0 for what is not reachable */
        uint64_t *blocks; /* the same, counted */
};

/* Of the blocks of kind reachable, by edges of strength tagged or better.  The
 * root's own entry, at snapshot.block_count, is the sum of all. */
int retained_run(struct retained *r, const struct graph *graph, struct error *e);
void retained_free(struct retained *r);

#endif
