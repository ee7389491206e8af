/*
 * shape.h: which structures are alike, so that a person gets one entry for
 * each cause.
 *
 * The parts of a lost structure are the allocation stacks and types of all
 * blocks that it alone holds, at any depth: what hangs from the head, and of a
 * cycle its members too.  Structures whose heads are of one kind, stack and type
 * have one shape when they have a part in common, directly or through others of
 * that place: a list of any length, a tree of any depth, a table with few or
 * many entries are one leak with a count; what the same line of a factory made
 * of altogether other parts is another.  A structure without parts goes with
 * those that are most common in its place.  No address goes in, and no order.
 *
 *     shapes_init(&s, graph, &vtables)
 *     shapes_place(&s, source, key)       of every source
 *     shapes_join(&s)
 *     shapes_of(&s, source)               from then on
 *
 * O(lost blocks) look-ups in a table; 10 bytes a source and 40 for each
 * different part of a place.
 */
#ifndef WEIR_GRAPH_SHAPE_H
#define WEIR_GRAPH_SHAPE_H

#include "graph.h"
#include "vtable.h"

struct shape_part {
        uint64_t above; /* a part that is alike; itself where it stands for them all */
        uint64_t least; /* of all that it stands for: hash of stack and type */
        uint64_t count; /* structures that have some of them */
};

struct shapes {
        const struct graph *graph;
        struct vtables *vtables;
        struct table keys;  /* -> place */
        struct ids places;  /* of each source the place of its head */
        struct ids parts;   /* of each source one of its parts; ID_NONE */
        struct table known; /* place and part -> index in `list` */
        struct shape_part *list;
        size_t count, capacity;
        uint64_t *common; /* of each place the part that most structures have, + 1; 0 = none */
};

/* All return 0, or -1 without memory. */
int shapes_init(struct shapes *s, const struct graph *graph, struct vtables *vtables);
void shapes_free(struct shapes *s);

/* `key` is equal for heads of one kind, stack and type. */
int shapes_place(struct shapes *s, uint64_t source, uint64_t key);

/* After all sources have their places.  Reads memory (vtables). */
int shapes_join(struct shapes *s);

/* Equal for structures of one place that are alike. */
uint64_t shapes_of(struct shapes *s, uint64_t source);

#endif
