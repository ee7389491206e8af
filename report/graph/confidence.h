/*
 * confidence.h: the confidence of each block, the strength of the weakest
 * edge on its best path from a root: a widest path, from strong to weak,
 * O(blocks + edges).  The paths themselves are in paths.h.
 *
 * Of the blocks that a strength reaches many are followed at once, in the order
 * of their ids, so that their edges are read as they lie in memory, by as many
 * threads as there are processors; few are followed from a queue, so that a
 * list as long as the heap costs no more than any other shape.
 *
 * Inherited blocks that no root holds count as roots of full strength.
 */
#ifndef WEIR_GRAPH_CONFIDENCE_H
#define WEIR_GRAPH_CONFIDENCE_H

#include "scan.h"

/* A pointer at an address that is no multiple of eight. */
struct unaligned_edge {
        bool root;
        uint64_t from;   /* root's index, or block's id */
        uint64_t offset; /* bytes from its start */
        uint64_t to;
};

struct confidence {
        uint8_t *of;         /* of each block, enum strength; STRENGTH_NONE = lost */
        uint64_t *inherited; /* inherited blocks that were roots: their ids, ascending */
        size_t inherited_count;
        uint64_t lost;                    /* blocks with none */
        struct unaligned_edge *unaligned; /* by source; to blocks that nothing aligned holds */
        size_t unaligned_count;
};

int confidence_run(struct confidence *c, const struct snapshot *snapshot, const struct pointers *pointers,
                   const struct scan *scan, struct error *e);
void confidence_free(struct confidence *c);

#endif
