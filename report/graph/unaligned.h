/*
 * unaligned.h: the second look, at every address, for pointers to blocks
 * that nothing holds: packed structures.  Only roots and blocks with some
 * confidence are searched, each once, and only for the first byte of a block.
 */
#ifndef WEIR_GRAPH_UNALIGNED_H
#define WEIR_GRAPH_UNALIGNED_H

#include "confidence.h"
#include "window.h"

struct unaligned {
        const struct snapshot *snapshot;
        const struct pointers *pointers;
        struct confidence *confidence; /* its `unaligned` grows */
        struct window window;
        uint8_t *candidate;   /* bit for each block: was lost when the search began */
        uint8_t *searched;    /* bit for each block */
        uint64_t least, span; /* of the candidates' addresses */
        size_t capacity;
        bool roots_done;
        bool root; /* the present source */
        uint64_t source, start;
        bool failed;
};

/* 0, or -1 without memory. */
int unaligned_init(struct unaligned *u, const struct snapshot *snapshot, const struct pointers *pointers,
                   struct confidence *confidence);
void unaligned_free(struct unaligned *u);

/* Searches what is held now and was not searched yet; appends to
 * confidence.unaligned.  1 when it found any, 0 when not, -1 without memory. */
int unaligned_next(struct unaligned *u);

#endif
