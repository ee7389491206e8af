#include "shape.h"

#include "sort.h"

enum { AHEAD = 8 }; /* blocks, all in turn */

struct round {
        const struct graph *graph;
        const uint64_t *from;
        uint64_t *set, *scratch; /* the labels a block points at */
        size_t set_capacity, scratch_capacity;
};

/* A set's hash. */
static uint64_t hash_set(uint64_t *set, uint64_t *scratch, size_t count)
{
        uint64_t hash = 0;

        sort_u64(set, scratch, count);
        for (size_t i = 0; i < count; i++) {
                if (!i || set[i] != set[i - 1])
                        hash = hash_mix(hash, set[i]);
        }
        return hash;
}

static FETCHES void fetch(const struct round *r, uint64_t target)
{
        if (components_lost(&r->graph->components, target))
                __builtin_prefetch(r->from + components_rank(&r->graph->components, target));
}

static FETCHES void fetch_ahead(const struct round *r, uint64_t id)
{
        uint64_t count;
        const edge_t *edges;

        if (id >= r->graph->snapshot->block_count)
                return;
        edges = scan_edges(&r->graph->scan, id, &count);
        for (uint64_t i = 0; i < count && i < 8; i++)
                fetch(r, edge_target(edges[i]));
}

static int refine_block(struct round *r, uint64_t id, uint64_t *label)
{
        const struct components *c = &r->graph->components;
        uint64_t count, *scratch = NULL;
        const edge_t *edges = scan_edges(&r->graph->scan, id, &count);
        size_t size = 0;

        if (mem_grow(&r->set, &r->set_capacity, count, sizeof *r->set))
                return -1;
        fetch_ahead(r, id + AHEAD);
        for (uint64_t i = 0; i < count; i++) {
                uint64_t target = edge_target(edges[i]);

                if (target != id && components_edge(c, edges[i]))
                        r->set[size++] = r->from[components_rank(c, target)];
        }
        if (size > 64 && !mem_grow(&r->scratch, &r->scratch_capacity, size, sizeof *r->scratch))
                scratch = r->scratch;
        *label = hash_mix(r->from[components_rank(c, id)], hash_set(r->set, scratch, size));
        return 0;
}

static int refine(const struct graph *graph, const uint64_t *from, uint64_t *to)
{
        struct round r = { .graph = graph, .from = from };
        int status = 0;

        for (uint64_t id = 0, rank = 0; rank < graph->components.lost && !status; id++) {
                if (components_lost(&graph->components, id))
                        status = refine_block(&r, id, &to[rank++]);
        }
        mem_free(r.set);
        mem_free(r.scratch);
        return status;
}

static void label_first(const struct graph *graph, struct vtables *vtables, uint64_t *labels)
{
        for (uint64_t id = 0, rank = 0; rank < graph->components.lost; id++) {
                uint64_t vtable;

                if (!components_lost(&graph->components, id))
                        continue;
                vtable = vtable_of(vtables, graph->scan.first[id]);
                labels[rank++] = hash_mix(graph->snapshot->blocks[id].stack, vtable_identity(graph->snapshot, vtable));
        }
}

int shapes_init(struct shapes *s, const struct graph *graph, struct vtables *vtables)
{
        uint64_t *other = mem_alloc(graph->components.lost, sizeof *other);

        s->labels = mem_alloc(graph->components.lost, sizeof *s->labels);
        if (!s->labels || !other)
                goto failed;
        label_first(graph, vtables, s->labels);
        for (int round = 0; round < SHAPE_ROUNDS; round++) {
                uint64_t *swap = s->labels;

                if (refine(graph, s->labels, other))
                        goto failed;
                s->labels = other;
                other = swap;
        }
        mem_free(other);
        return 0;
failed:
        mem_free(other);
        shapes_free(s);
        return -1;
}

void shapes_free(struct shapes *s)
{
        mem_free(s->labels);
        s->labels = NULL;
}

uint64_t shapes_component(const struct shapes *s, const struct graph *graph, uint64_t component)
{
        const struct components *c = &graph->components;
        uint64_t size = components_size(c, component), sum = 0;

        for (uint64_t i = 0; i < size; i++) {
                uint64_t label = s->labels[components_rank(c, components_member(c, component, i))];

                if (size == 1)
                        return label;
                sum += hash_mix(label, 1);
        }
        return hash_mix(sum, size);
}
