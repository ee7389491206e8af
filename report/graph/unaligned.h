/*
 * unaligned.h: the second look, at every address, for pointers to blocks
 * that nothing holds: packed structures.  Only roots and blocks with some
 * confidence are searched, each once, and only for the first byte of a block.
 */
#ifndef WEIR_GRAPH_UNALIGNED_H
#define WEIR_GRAPH_UNALIGNED_H

#include "../share.h"
#include "confidence.h"
#include "window.h"

#include <pthread.h>

/* What one processor searches: the roots, or some of the blocks. */
struct unaligned_part {
        struct unaligned *search;
        struct window window;
        struct unaligned_edge *found; /* in the present round */
        size_t count, capacity;
        bool root; /* the present source */
        uint64_t source, start;
        bool failed;
};

struct unaligned {
        const struct snapshot *snapshot;
        const struct pointers *pointers;
        struct confidence *confidence; /* its `unaligned` grows */
        uint8_t *candidate;            /* bit for each block: was lost when the search began */
        uint8_t *searched;             /* bit for each block */
        uint64_t least, span;          /* of the candidates' addresses */
        bool one_bank;                 /* which have the upper 16 bits in common: */
        uint8_t low, range;            /* the byte below those is at least `low`, at most `low + range` */
        size_t capacity;
        bool roots_done;
        struct unaligned_part *parts; /* where the memory allows it, one for each processor */
        unsigned part_count;
        pthread_mutex_t next; /* snapshot.memory.next is for one at a time */
};

/* 0, or -1 without memory. */
int unaligned_init(struct unaligned *u, const struct snapshot *snapshot, const struct pointers *pointers,
                   struct confidence *confidence);
void unaligned_free(struct unaligned *u);

/* Searches what is held now and was not searched yet; appends to
 * confidence.unaligned.  1 when it found any, 0 when not, -1 without memory. */
int unaligned_next(struct unaligned *u);

#endif
