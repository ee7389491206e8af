/*
 * confidence.h: the confidence of each block, the strength of the weakest
 * edge on its best path from a root: a widest path, from strong to weak in
 * buckets, O(blocks + edges).  Within a strength the search is breadth first
 * in the order of roots (by kind, then index) and offsets, so that the path it
 * remembers is a shortest one and does not depend on addresses.
 *
 * Inherited blocks that no root holds count as roots of full strength.
 */
#ifndef WEIR_GRAPH_CONFIDENCE_H
#define WEIR_GRAPH_CONFIDENCE_H

#include "scan.h"

/* What `from` holds: a block's id, an index in scan.roots, an index in the
 * unaligned edges, or that the block has no predecessor. */
#define FROM_ROOT      (1ull << 38)
#define FROM_UNALIGNED (1ull << 37)
#define FROM_NONE      ID_NONE

/* A pointer at an address that is no multiple of eight. */
struct unaligned_edge {
        bool root;
        uint64_t from;   /* root's index, or block's id */
        uint64_t offset; /* bytes from its start */
        uint64_t to;
};

struct confidence {
        uint8_t *of;                      /* of each block, enum strength; STRENGTH_NONE = lost */
        struct ids from;                  /* of each block with one, the step before it on its path */
        uint64_t lost;                    /* blocks with none */
        struct unaligned_edge *unaligned; /* by source; to blocks that nothing aligned holds */
        size_t unaligned_count;
};

/* One step of a path, as it was found. */
struct confidence_step {
        bool root; /* `from` is an index in snapshot.roots */
        uint64_t from, to;
        uint64_t offset; /* bytes; of far words (EDGE_WORD_FAR) a lower bound */
        enum strength strength;
};

int confidence_run(struct confidence *c, const struct snapshot *snapshot, const struct pointers *pointers,
                   const struct scan *scan, struct error *e);
void confidence_free(struct confidence *c);

/* The last step of the path that holds block `id`; false when there is none
 * (lost, or inherited and a root itself). */
bool confidence_step(const struct confidence *c, const struct snapshot *snapshot, const struct scan *scan, uint64_t id,
                     struct confidence_step *step);

/* The weakest step of the path, and of equally weak ones the first from the
 * root; false as above. */
bool confidence_weakest(const struct confidence *c, const struct snapshot *snapshot, const struct scan *scan,
                        uint64_t id, struct confidence_step *step);

#endif
