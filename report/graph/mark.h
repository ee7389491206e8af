/*
 * mark.h: raises the confidence of all that some blocks hold, from the
 * strongest edges to the weakest.
 */
#ifndef WEIR_GRAPH_MARK_H
#define WEIR_GRAPH_MARK_H

#include "scan.h"

enum { MARK_DONE = 0x80 }; /* in marks.of: its edges were followed at this strength */

struct marks {
        const struct scan *scan;
        uint64_t blocks;
        uint8_t *of;     /* of each block, enum strength, perhaps with MARK_DONE; room for 8 more; not owned */
        uint64_t *queue; /* a ring of ids whose edges are to be followed; */
        uint64_t room;   /* so many, a power of two */
        uint64_t head, tail;
        bool overflow; /* there are more than the queue holds: `of` knows them */
};

int marks_init(struct marks *m, const struct scan *scan, uint8_t *of, uint64_t blocks); /* -1 without memory */
void marks_free(struct marks *m);

static inline enum strength marks_get(const struct marks *m, uint64_t id)
{
        return (enum strength)(m->of[id] & ~MARK_DONE);
}

/* Raises a block; marks_follow must be called after. */
static inline void marks_raise(struct marks *m, uint64_t id, enum strength strength)
{
        if (marks_get(m, id) < strength)
                m->of[id] = (uint8_t)strength;
}

/* Follows the edges of all blocks raised.  Leaves MARK_DONE in `of`. */
void marks_follow(struct marks *m);

/* Takes MARK_DONE away. */
void marks_finish(struct marks *m);

#endif
