#include "shape.h"

int shapes_init(struct shapes *s, const struct graph *graph, struct vtables *vtables)
{
        uint64_t sources = graph->owners.source_count;

        *s = (struct shapes){ .graph = graph, .vtables = vtables };
        if (ids_init(&s->places, sources) || ids_init(&s->parts, sources)) {
                shapes_free(s);
                return -1;
        }
        memset(s->parts.bytes, 0xff, sources * 5);
        return 0;
}

void shapes_free(struct shapes *s)
{
        table_free(&s->keys);
        ids_free(&s->places);
        ids_free(&s->parts);
        table_free(&s->known);
        mem_free(s->list);
        mem_free(s->common);
        *s = (struct shapes){ 0 };
}

int shapes_place(struct shapes *s, uint64_t source, uint64_t key)
{
        bool fresh;
        uint64_t *place = table_put(&s->keys, key, &fresh);

        if (!place)
                return -1;
        if (fresh)
                *place = s->keys.count - 1;
        ids_set(&s->places, source, *place);
        return 0;
}

/* Parts */

static uint64_t top_of(struct shapes *s, uint64_t part)
{
        while (s->list[part].above != part) {
                s->list[part].above = s->list[s->list[part].above].above;
                part = s->list[part].above;
        }
        return part;
}

static void unite(struct shapes *s, uint64_t a, uint64_t b)
{
        a = top_of(s, a);
        b = top_of(s, b);
        if (a == b)
                return;
        if (s->list[a].least > s->list[b].least) {
                uint64_t swap = a;

                a = b;
                b = swap;
        }
        s->list[b].above = a;
}

/* The part of that place, made when there is none; UINT64_MAX without memory. */
static uint64_t part_of(struct shapes *s, uint64_t place, uint64_t label)
{
        bool fresh;
        uint64_t *slot = table_put(&s->known, hash_mix(place, label), &fresh);

        if (!slot)
                return UINT64_MAX;
        if (!fresh)
                return *slot;
        *slot = s->count;
        if (mem_grow(&s->list, &s->capacity, s->count + 1, sizeof *s->list))
                return UINT64_MAX;
        s->list[s->count] = (struct shape_part){ .above = s->count, .least = label };
        return s->count++;
}

static int add_part(struct shapes *s, uint64_t source, uint64_t id)
{
        const struct graph *g = s->graph;
        uint64_t vtable = vtable_identity(g->snapshot, vtable_of(s->vtables, g->scan.first[id]));
        uint64_t part = part_of(s, ids_get(&s->places, source), hash_mix(g->snapshot->blocks[id].stack, vtable));
        uint64_t known = ids_get(&s->parts, source);

        if (part == UINT64_MAX)
                return -1;
        if (known == ID_NONE)
                ids_set(&s->parts, source, part);
        else if (known != part)
                unite(s, known, part);
        return 0;
}

/* The parts of every structure; heads of kind definite are none. */
static int add_parts(struct shapes *s)
{
        const struct components *c = &s->graph->components;

        for (uint64_t component = 0; component < c->count; component++) {
                uint64_t source = ids_get(&s->graph->owners.of, component), size = components_size(c, component);

                if (source == OWNER_SHARED || (size == 1 && owners_is_source(&s->graph->owners, component)))
                        continue;
                for (uint64_t i = 0; i < size; i++) {
                        components_fetch_block(c, s->graph->snapshot->blocks, component, i);
                        components_fetch_first(c, &s->graph->scan, component, i);
                        if (add_part(s, source, components_member(c, component, i)))
                                return -1;
                }
        }
        return 0;
}

static bool more_common(const struct shape_part *a, const struct shape_part *b)
{
        return a->count != b->count ? a->count > b->count : a->least < b->least;
}

int shapes_join(struct shapes *s)
{
        uint64_t sources = s->graph->owners.source_count;

        s->common = mem_alloc(s->keys.count, sizeof *s->common);
        if (!s->common || add_parts(s))
                return -1;
        for (uint64_t source = 0; source < sources; source++) {
                uint64_t part = ids_get(&s->parts, source);

                if (part != ID_NONE)
                        s->list[top_of(s, part)].count++;
        }
        for (uint64_t source = 0; source < sources; source++) {
                uint64_t part = ids_get(&s->parts, source), *common = &s->common[ids_get(&s->places, source)];

                if (part == ID_NONE)
                        continue;
                part = top_of(s, part);
                if (!*common || more_common(&s->list[part], &s->list[*common - 1]))
                        *common = part + 1;
        }
        return 0;
}

uint64_t shapes_of(struct shapes *s, uint64_t source)
{
        uint64_t part = ids_get(&s->parts, source), common = s->common[ids_get(&s->places, source)];

        if (part != ID_NONE)
                return s->list[top_of(s, part)].least;
        return common ? s->list[common - 1].least : 0;
}
