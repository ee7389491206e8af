/*
 * live_cycles.h: the cycles among blocks that are still reachable: what would
 * leak as a cycle if its holders let go.  Equal ones are told once: those whose
 * members have the same allocation stacks and types.
 */
#ifndef WEIR_GRAPH_LIVE_CYCLES_H
#define WEIR_GRAPH_LIVE_CYCLES_H

#include "arena.h"
#include "group.h"
#include "vtable.h"

struct live_cycle {
        uint64_t count;         /* equal cycles */
        uint64_t blocks, bytes; /* of all of them */
        uint64_t first;         /* the oldest block; of one in the cycle that is told */
        struct group_cycle *cycle;
};

struct live_cycles {
        struct live_cycle *list; /* most bytes first */
        size_t count;
        uint64_t total; /* with those that are left out */
        struct group_arena *arena; /* private */
};

/* Tells at most `limit`, 0 = all.  Reads memory.  0, or -1 without memory; then
 * `cycles` holds nothing. */
int live_cycles_find(struct live_cycles *cycles, const struct graph *graph, struct vtables *vtables, size_t limit,
                     struct error *e);
void live_cycles_release(struct live_cycles *cycles);

#endif
