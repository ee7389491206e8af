#include "retained.h"

static bool is_reachable(const struct graph *graph, uint64_t id)
{
        return graph_confidence(graph, id) >= STRENGTH_TAGGED;
}

/* The roots' edges, then inherited blocks that were roots themselves. */
static uint64_t next_of_root(const struct graph *graph, uint64_t *cursor)
{
        const struct scan *scan = &graph->scan;

        while (*cursor < scan->root_count) {
                const struct root_edge *edge = &scan->roots[(*cursor)++];

                if (edge->strength >= STRENGTH_TAGGED)
                        return edge->to;
        }
        while (*cursor - scan->root_count < graph->snapshot->block_count) {
                uint64_t id = (*cursor)++ - scan->root_count;

                if (graph->confidence.of[id] && ids_get(&graph->confidence.from, id) == FROM_NONE)
                        return id;
        }
        return ID_NONE;
}

static uint64_t next_of(void *context, uint64_t vertex, uint64_t *cursor)
{
        const struct graph *graph = context;
        const edge_t *edges;
        uint64_t count;

        if (vertex == graph->snapshot->block_count)
                return next_of_root(graph, cursor);
        edges = scan_edges(&graph->scan, vertex, &count);
        while (*cursor < count) {
                edge_t edge = edges[(*cursor)++];

                if (edge_strength(edge) >= STRENGTH_TAGGED && is_reachable(graph, edge_target(edge)))
                        return edge_target(edge);
        }
        return ID_NONE;
}

int retained_run(struct retained *r, const struct graph *graph, struct error *e)
{
        uint64_t count = graph->snapshot->block_count;
        struct graph *context = (struct graph *)(uintptr_t)graph;

        *r = (struct retained){ 0 };
        if (dominators_run(&r->dominators, count + 1, count, next_of, context, e))
                return -1;
        r->bytes = mem_alloc(count + 1, sizeof *r->bytes);
        r->blocks = mem_alloc(count + 1, sizeof *r->blocks);
        if (!r->bytes || !r->blocks) {
                retained_free(r);
                return error_no_memory(e, "finding what keeps what");
        }
        for (uint64_t i = 1; i < r->dominators.reached; i++) {
                uint64_t id = ids_get(&r->dominators.order, i);

                r->bytes[id] = graph->snapshot->blocks[id].size;
                r->blocks[id] = 1;
        }
        dominators_sum(&r->dominators, r->bytes);
        dominators_sum(&r->dominators, r->blocks);
        return 0;
}

void retained_free(struct retained *r)
{
        dominators_free(&r->dominators);
        mem_free(r->bytes);
        mem_free(r->blocks);
        *r = (struct retained){ 0 };
}
