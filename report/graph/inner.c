#include "inner.h"

#include "counted.h"
#include "sorts.h"

static bool is_inner(const struct graph *graph, uint64_t component, uint64_t id, edge_t edge)
{
        const struct components *c = &graph->components;

        return edge_target(edge) != id && components_edge(c, edge) && components_of(c, edge_target(edge)) == component;
}

uint64_t inner_count_edges(const struct graph *graph, uint64_t component)
{
        uint64_t first = ids_get(&graph->components.first, component);
        uint64_t found = 0, size = components_size(&graph->components, component);

        for (uint64_t i = 0; i < size; i++) {
                uint64_t id = components_member(&graph->components, component, i), count;
                const edge_t *edges = scan_edges(&graph->scan, id, &count);

                components_fetch(&graph->components, &graph->scan, first + i);
                for (uint64_t j = 0; j < count; j++)
                        found += is_inner(graph, component, id, edges[j]);
        }
        return found;
}

/* What the row of a vertex soon after needs, its edges being there already. */
static FETCHES void fetch_local(const struct inner *inner, const struct ids *local, uint32_t vertex)
{
        const struct graph *graph = inner->graph;
        uint64_t count;
        const edge_t *edges;

        if (vertex + 4 >= inner->d.count)
                return;
        edges = scan_edges(&graph->scan, inner_id(inner, vertex + 4), &count);
        for (uint64_t i = 0; i < count && i < 8; i++) {
                if (components_lost(&graph->components, edge_target(edges[i])))
                        ids_prefetch(local, components_rank(&graph->components, edge_target(edges[i])));
        }
}

static void fill_edges(struct inner *inner, const struct ids *local)
{
        const struct graph *graph = inner->graph;
        struct digraph *d = &inner->d;
        uint64_t place = ids_get(&graph->components.first, inner->component);
        uint32_t filled = 0;

        for (uint32_t i = 0; i < d->count; i++) {
                uint64_t id = inner_id(inner, i), first = rows_start(&graph->scan.rows, id), count;
                const edge_t *edges = scan_edges(&graph->scan, id, &count);

                d->row[i] = filled;
                components_fetch(&graph->components, &graph->scan, place + i);
                fetch_local(inner, local, i);
                for (uint64_t j = 0; j < count; j++) {
                        if (!is_inner(graph, inner->component, id, edges[j]))
                                continue;
                        d->to[filled] =
                                (uint32_t)ids_get(local, components_rank(&graph->components, edge_target(edges[j])));
                        inner->edges[filled++] = first + j;
                }
        }
        d->row[d->count] = filled;
}

int inner_init(struct inner *inner)
{
        const struct components *c = &inner->graph->components;
        struct digraph *d = &inner->d;
        struct ids local = { 0 };

        d->row = mem_alloc((uint64_t)d->count + 1, sizeof *d->row);
        d->to = mem_alloc(d->edge_count, sizeof *d->to);
        inner->edges = mem_alloc(d->edge_count, sizeof *inner->edges);
        if (!d->row || !d->to || !inner->edges || ids_init(&local, c->lost)) {
                inner_free(inner);
                return -1;
        }
        for (uint32_t i = 0; i < d->count; i++)
                ids_set(&local, components_rank(c, inner_id(inner, i)), i);
        fill_edges(inner, &local);
        ids_free(&local);
        return 0;
}

void inner_free(struct inner *inner)
{
        mem_free(inner->d.row);
        mem_free(inner->d.to);
        mem_free(inner->edges);
}

bool inner_before(const struct inner *inner, uint32_t a, uint32_t b)
{
        return sorts_before(inner->graph, inner_id(inner, a), inner_id(inner, b));
}

struct group_step inner_step(const struct inner *inner, uint32_t vertex, uint32_t edge)
{
        const struct graph *g = inner->graph;
        uint64_t id = inner_id(inner, vertex);
        edge_t word = inner_edge(inner, edge);

        struct group_step step = { .block = id,
                                   .to = edge_target(word),
                                   .strength = edge_strength(word),
                                   .offset = block_lead(&g->snapshot->blocks[id]) + 8 * edge_word(word) };

        step.vtable = vtable_of(inner->vtables, g->scan.first[id]);
        counted_find(g, inner->vtables, &step);
        return step;
}

uint32_t inner_twin(const struct inner *inner, uint32_t vertex, uint32_t edge, const struct group_step *step)
{
        const struct digraph *d = &inner->d;
        uint64_t lead = block_lead(inner_block(inner, vertex));

        for (uint32_t i = d->row[vertex]; step->counted && i < d->row[vertex + 1]; i++) {
                uint64_t offset = lead + 8 * edge_word(inner_edge(inner, i));

                if (i != edge && (offset == step->member || offset == step->member + 8))
                        return i;
        }
        return CUT_NONE;
}
