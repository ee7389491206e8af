#include "owners.h"

/* Tells the components that the block points at who reaches them. */
static void tell_block(struct owners *o, const struct components *c, const struct scan *scan, uint64_t id,
                       uint64_t component, uint64_t source)
{
        uint64_t count;
        const edge_t *edges = scan_edges(scan, id, &count);

        for (uint64_t i = 0; i < count; i++) {
                uint64_t other, known;

                if (!components_edge_out(c, id, edges[i]))
                        continue;
                other = components_of(c, edge_target(edges[i]));
                if (other == component)
                        continue;
                known = ids_get(&o->of, other);
                if (known == ID_NONE)
                        ids_set(&o->of, other, source);
                else if (known != source)
                        ids_set(&o->of, other, OWNER_SHARED);
        }
}

static int add_source(struct owners *o, size_t *capacity, uint64_t component)
{
        if (mem_grow(&o->sources, capacity, o->source_count + 1, sizeof *o->sources))
                return -1;
        o->sources[o->source_count] = (struct owner_source){ .component = component };
        ids_set(&o->of, component, o->source_count++);
        return 0;
}

static void count_component(struct owners *o, const struct components *c, const struct block *blocks,
                            uint64_t component)
{
        uint64_t source = ids_get(&o->of, component), size = components_size(c, component), bytes = 0;

        for (uint64_t i = 0; i < size; i++) {
                components_fetch_block(c, blocks, component, i);
                bytes += blocks[components_member(c, component, i)].size;
        }
        if (source == OWNER_SHARED) {
                o->shared_blocks += size;
                o->shared_bytes += bytes;
        } else {
                o->sources[source].exclusive_blocks += size;
                o->sources[source].exclusive_bytes += bytes;
        }
}

static int walk(struct owners *o, const struct components *c, const struct scan *scan, const struct block *blocks)
{
        size_t capacity = 0;

        for (uint64_t component = 0; component < c->count; component++) {
                uint64_t size = components_size(c, component), source;

                if (ids_get(&o->of, component) == ID_NONE && add_source(o, &capacity, component))
                        return -1;
                source = ids_get(&o->of, component);
                for (uint64_t i = 0; i < size; i++) {
                        components_fetch(c, scan, ids_get(&c->first, component) + i);
                        tell_block(o, c, scan, components_member(c, component, i), component, source);
                }
                count_component(o, c, blocks, component);
        }
        return 0;
}

int owners_run(struct owners *o, const struct components *components, const struct scan *scan,
               const struct block *blocks, struct error *e)
{
        *o = (struct owners){ 0 };
        if (ids_init(&o->of, components->count))
                return error_no_memory(e, "finding what holds the lost blocks");
        memset(o->of.bytes, 0xff, components->count * 5);
        if (walk(o, components, scan, blocks)) {
                owners_free(o);
                return error_no_memory(e, "finding what holds the lost blocks");
        }
        return 0;
}

void owners_free(struct owners *o)
{
        ids_free(&o->of);
        mem_free(o->sources);
        *o = (struct owners){ 0 };
}
