/*
 * breaks.h: where to break a cycle.  What is told, the first of these that
 * there is:
 *
 *     BREAK_ALL        every pointer that lies on all cycles of the component
 *                      (cuts_single: linear, however long they are)
 *     BREAK_ALIKE      every field (alike.h) without whose pointers there is no
 *                      cycle: `parent` of a tree with back pointers
 *     BREAK_TOGETHER   fields that break it all together, as few as a greedy
 *                      search finds: `next` and `prev` of a ring that is linked
 *                      both ways
 *
 * With the first kind, where no shared pointer is among it, go the fields of
 * shared pointers that do it, in front of it: a tree whose children hold their
 * parent is rather mended by a weak pointer to the parent than where its one
 * root holds the array of children.
 *
 * A pointer or field that breaks everything breaks the shortest cycle, so only
 * those on it are asked about.  A field that fails does so by a cycle without it,
 * and that clears all fields which are not on this cycle either; each question
 * is linear, and after BREAK_ROUNDS of them only as many more are asked as
 * BREAK_WORK edges allow.
 *
 * For the third kind the component is searched depth first from its oldest
 * block and from that with the most pointers, by fields of sites and by fields
 * of sizes.  The edges that lead back are a set without which there is no cycle
 * (cuts_back_edges), and of the four the one with the fewest fields is taken,
 * then that with the fewest edges.  A field goes as a whole when half of it or
 * more would; then those are left out, least first, that the others have made
 * needless, as long as the same bounds allow.  The result always breaks
 * everything; that there is none smaller is not said (the problem is NP-hard).
 */
#ifndef WEIR_GRAPH_BREAKS_H
#define WEIR_GRAPH_BREAKS_H

#include "arena.h"
#include "inner.h"

enum {
        BREAKS_TOLD = 8,           /* pointers or fields that do it alone; the rest are counted */
        BREAKS_TOLD_TOGETHER = 64, /* the largest fields first */
        BREAK_ROUNDS = 4,
};
#define BREAK_WORK (1ull << 26)

/* Fills break_at of `told` from a shortest cycle, whose twins are not yet
 * known: room for `length` of them is there.  Reads memory.  0, or -1 without
 * memory. */
int breaks_find(const struct inner *inner, const struct cycle *cycle, struct group_cycle *told,
                struct group_arena **arena);

#endif
