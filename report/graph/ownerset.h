/*
 * ownerset.h: which groups reach each lost component.  A set of groups is a
 * number: below the number of groups it is that one group; above, it is
 * interned here.  Sets keep their first few members in order; the groups must
 * have been numbered in an order that does not depend on addresses.
 */
#ifndef WEIR_GRAPH_OWNERSET_H
#define WEIR_GRAPH_OWNERSET_H

#include "graph.h"
#include "table.h"

enum { OWNERSET_MEMBERS = 8 };

struct ownerset {
        uint32_t count;
        bool more;                          /* and others */
        uint32_t members[OWNERSET_MEMBERS]; /* ascending */
};

struct ownersets {
        uint32_t groups;
        struct ownerset *sets;
        size_t count, capacity;
        struct table interned, merged;
        uint32_t *of; /* of each component its set */
};

/* `source_groups` names the group of each source.  0, or -1 without memory. */
int ownersets_init(struct ownersets *o, const struct graph *graph, const uint32_t *source_groups, uint32_t groups);
void ownersets_free(struct ownersets *o);

/* The set as a value, also for one group. */
struct ownerset ownersets_get(const struct ownersets *o, uint32_t set);

#endif
