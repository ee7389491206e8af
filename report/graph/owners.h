/*
 * owners.h: which leak holds what.
 *
 * A source is a component that nothing lost outside it points at: the head of
 * a leak.  In the components' acyclic graph under a virtual root that points at
 * the sources, a source dominates a component exactly when it is the only
 * source that reaches it: every path from the root begins with a source.  So
 * one walk in topological order finds the owner of every component.  What two
 * sources reach is shared.
 */
#ifndef WEIR_GRAPH_OWNERS_H
#define WEIR_GRAPH_OWNERS_H

#include "components.h"

#define OWNER_SHARED (ID_NONE - 1)

struct owner_source {
        uint64_t component;
        uint64_t exclusive_blocks, exclusive_bytes; /* its own with it */
};

struct owners {
        struct ids of;                /* of each component: index of its source, or OWNER_SHARED */
        struct owner_source *sources; /* ascending by component */
        uint64_t source_count;
        uint64_t shared_blocks, shared_bytes; /* invariant: with all exclusive ones, all that is lost */
};

/* Is the component a source? */
static inline bool owners_is_source(const struct owners *o, uint64_t component)
{
        uint64_t source = ids_get(&o->of, component);

        return source != OWNER_SHARED && o->sources[source].component == component;
}

int owners_run(struct owners *o, const struct components *components, const struct scan *scan,
               const struct block *blocks, struct error *e);
void owners_free(struct owners *o);

#endif
