#include "graph.h"

static void count_lost(struct graph *g)
{
        const struct owners *o = &g->owners;

        g->lost_blocks = g->components.lost;
        g->lost_bytes = o->shared_bytes;
        for (uint64_t i = 0; i < o->source_count; i++)
                g->lost_bytes += o->sources[i].exclusive_bytes;
}

int graph_analyse(struct graph *graph, const struct snapshot *snapshot, struct error *e)
{
        const struct block *blocks = snapshot->blocks;
        uint64_t count = snapshot->block_count;

        *graph = (struct graph){ .snapshot = snapshot };
        if (pointers_init(&graph->pointers, blocks, count, e) ||
            scan_run(&graph->scan, snapshot, &graph->pointers, e) || strengths_refine(&graph->scan, snapshot, &graph->pointers, e) ||
            confidence_run(&graph->confidence, snapshot, &graph->pointers, &graph->scan, e) ||
            components_run(&graph->components, &graph->scan, &graph->confidence, count, e) ||
            owners_run(&graph->owners, &graph->components, &graph->scan, blocks, e)) {
                graph_release(graph);
                return -1;
        }
        count_lost(graph);
        return 0;
}

void graph_release(struct graph *graph)
{
        owners_free(&graph->owners);
        components_free(&graph->components);
        confidence_free(&graph->confidence);
        scan_free(&graph->scan);
        pointers_free(&graph->pointers);
        *graph = (struct graph){ 0 };
}

enum kind graph_kind(const struct graph *graph, uint64_t id)
{
        enum strength confidence = graph_confidence(graph, id);
        uint64_t component;

        if (confidence >= STRENGTH_TAGGED)
                return KIND_REACHABLE;
        if (confidence > STRENGTH_NONE)
                return KIND_POSSIBLE;
        component = components_of(&graph->components, id);
        if (!owners_is_source(&graph->owners, component))
                return KIND_INDIRECT;
        return components_size(&graph->components, component) > 1 ? KIND_CYCLE : KIND_DEFINITE;
}
