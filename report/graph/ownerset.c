#include "ownerset.h"

enum { UNKNOWN = UINT32_MAX };

struct ownerset ownersets_get(const struct ownersets *o, uint32_t set)
{
        if (set < o->groups)
                return (struct ownerset){ .count = 1, .members = { set } };
        return o->sets[set - o->groups];
}

static struct ownerset unite(const struct ownerset *a, const struct ownerset *b)
{
        struct ownerset u = { .more = a->more || b->more };
        uint32_t i = 0, j = 0;

        while (i < a->count || j < b->count) {
                uint32_t next;

                if (j == b->count || (i < a->count && a->members[i] <= b->members[j])) {
                        next = a->members[i++];
                        j += j < b->count && b->members[j] == next;
                } else {
                        next = b->members[j++];
                }
                if (u.count == OWNERSET_MEMBERS) {
                        u.more = true;
                        break;
                }
                u.members[u.count++] = next;
        }
        return u;
}

static bool equal(const struct ownerset *a, const struct ownerset *b)
{
        return a->count == b->count && a->more == b->more && !memcmp(a->members, b->members, sizeof a->members);
}

static uint64_t hash_of(const struct ownerset *set)
{
        uint64_t hash = set->more;

        for (uint32_t i = 0; i < set->count; i++)
                hash = hash_mix(hash, set->members[i]);
        return hash;
}

/* The number of the set, or UNKNOWN without memory. */
static uint32_t intern(struct ownersets *o, const struct ownerset *set)
{
        for (uint64_t key = hash_of(set);; key++) {
                bool fresh;
                uint64_t *slot = table_put(&o->interned, key, &fresh);

                if (!slot)
                        return UNKNOWN;
                if (!fresh && *slot < o->count && equal(&o->sets[*slot], set))
                        return o->groups + (uint32_t)*slot;
                if (!fresh)
                        continue;
                if (o->groups + o->count + 1 >= UNKNOWN ||
                    mem_grow(&o->sets, &o->capacity, o->count + 1, sizeof *o->sets))
                        return UNKNOWN;
                *slot = o->count;
                o->sets[o->count++] = *set;
                return o->groups + (uint32_t)*slot;
        }
}

static uint32_t merge(struct ownersets *o, uint32_t a, uint32_t b)
{
        uint64_t key = a < b ? (uint64_t)a << 32 | b : (uint64_t)b << 32 | a;
        const uint64_t *known = table_get(&o->merged, key);
        struct ownerset first, second, both;
        uint64_t *slot;
        uint32_t set;

        if (a == b)
                return a;
        if (known)
                return (uint32_t)*known;
        first = ownersets_get(o, a);
        second = ownersets_get(o, b);
        both = unite(&first, &second);
        set = intern(o, &both);
        if (set == UNKNOWN || !(slot = table_put(&o->merged, key, NULL)))
                return UNKNOWN;
        *slot = set;
        return set;
}

/* Tells the components that the block points at. */
static int tell_block(struct ownersets *o, const struct graph *graph, uint64_t id, uint64_t component)
{
        const struct components *c = &graph->components;
        uint64_t count;
        const edge_t *edges = scan_edges(&graph->scan, id, &count);

        for (uint64_t i = 0; i < count; i++) {
                uint64_t other;

                if (!components_edge_out(c, id, edges[i]))
                        continue;
                other = components_of(c, edge_target(edges[i]));
                if (other == component || ids_get(&graph->owners.of, other) != OWNER_SHARED)
                        continue;
                o->of[other] = o->of[other] == UNKNOWN ? o->of[component] : merge(o, o->of[other], o->of[component]);
                if (o->of[other] == UNKNOWN)
                        return -1;
        }
        return 0;
}

static int walk(struct ownersets *o, const struct graph *graph, const uint32_t *source_groups)
{
        const struct components *c = &graph->components;

        for (uint64_t component = 0; component < c->count; component++) {
                uint64_t source = ids_get(&graph->owners.of, component), size = components_size(c, component);

                if (source != OWNER_SHARED)
                        o->of[component] = source_groups[source];
                for (uint64_t i = 0; graph->owners.shared_blocks && i < size; i++) {
                        components_fetch(c, &graph->scan, ids_get(&c->first, component) + i);
                        if (tell_block(o, graph, components_member(c, component, i), component))
                                return -1;
                }
        }
        return 0;
}

int ownersets_init(struct ownersets *o, const struct graph *graph, const uint32_t *source_groups, uint32_t groups)
{
        *o = (struct ownersets){ .groups = groups };
        o->of = mem_alloc(graph->components.count, sizeof *o->of);
        if (!o->of)
                return -1;
        memset(o->of, 0xff, graph->components.count * sizeof *o->of);
        if (walk(o, graph, source_groups)) {
                ownersets_free(o);
                return -1;
        }
        return 0;
}

void ownersets_free(struct ownersets *o)
{
        mem_free(o->sets);
        mem_free(o->of);
        table_free(&o->interned);
        table_free(&o->merged);
        *o = (struct ownersets){ 0 };
}
