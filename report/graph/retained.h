/*
 * retained.h: what each reachable block alone keeps: the dominator tree of
 * the live heap.
 *
 * Its top is a virtual root.  Below it are holders: sets of root words that a
 * person knows as one thing (a variable, a stack), as whoever
 * calls says; what only one holder leads to hangs from it, what several lead
 * to hangs from the virtual root itself.  Stacks and registers come and go: they
 * count as holders only of what neither globals nor thread-local storage lead
 * to, else whatever a function at work has in hand would seem held by two.
 */
#ifndef WEIR_GRAPH_RETAINED_H
#define WEIR_GRAPH_RETAINED_H

#include "dominators.h"
#include "graph.h"

struct retained_holders {
        const uint32_t *of; /* of each of scan.roots its holder */
        uint32_t count;
};

struct retained {
        struct dominators dominators; /* vertices: block ids, then the holders, then the virtual root */
        uint64_t first_holder;        /* vertex of holder 0 == snapshot.block_count */
        uint64_t root;                /* the virtual root; its entry below is the sum of all */
        uint64_t *bytes;  /* of each vertex: its own and of all that only it keeps; 0 for what is not reachable */
        uint64_t *blocks; /* the same, counted */
};

/* Of the blocks of kind reachable, by edges of strength tagged or better.
 * `holders` NULL: there are none, the virtual root holds what the roots hold.
 * Inherited blocks that no root holds hang from the virtual root. */
int retained_run(struct retained *r, const struct graph *graph, const struct retained_holders *holders,
                 struct error *e);
void retained_free(struct retained *r);

#endif
