/*
 * ring.h: one lost cycle (a component of two blocks or more) as a person
 * needs it: a shortest way round, and where to cut it.
 *
 * The shortest cycle is searched breadth first from the blocks with the fewest
 * edges; in components so large that this would take long, from as many of
 * them as a fixed amount of work allows, so that the cycle found is a short one
 * but maybe not the shortest.  Where to cut it says breaks.h.  The choice among equals goes by age and
 * offsets, never by address.
 */
#ifndef WEIR_GRAPH_RING_H
#define WEIR_GRAPH_RING_H

#include "arena.h"
#include "group.h"
#include "vtable.h"

enum {
        RING_PATH = 64, /* steps told of a path */
};

/* Fills group->cycle from the component of lost block `id`; -1 without
 * memory. */
int ring_tell(const struct graph *graph, struct vtables *vtables, uint64_t id, struct group *group,
              struct group_arena **arena);

#endif
