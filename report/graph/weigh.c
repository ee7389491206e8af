#include "weigh.h"

#include "tally.h"

static bool heavier(const struct weight *a, const struct weight *b)
{
        if (a->bytes != b->bytes)
                return a->bytes > b->bytes;
        if (a->blocks != b->blocks)
                return a->blocks > b->blocks;
        if (a->stack != b->stack)
                return a->stack < b->stack;
        return a->identity < b->identity;
}

void weigh_small(const struct graph *graph, struct vtables *vtables, uint64_t component, uint64_t size,
                 struct weight *best)
{
        const struct block *blocks = graph->snapshot->blocks;
        struct weight weights[SMALL_CYCLE] = { 0 };
        size_t count = 0;

        for (uint64_t i = 0; i < size; i++) {
                uint64_t id = components_member(&graph->components, component, i),
                         vtable = vtable_of(vtables, graph->scan.first[id]);
                size_t at = 0;

                while (at < count && (weights[at].stack != blocks[id].stack || weights[at].vtable != vtable))
                        at++;
                if (at == count)
                        weights[count++] = (struct weight){
                                .stack = blocks[id].stack,
                                .vtable = vtable,
                                .identity = vtable_identity(graph->snapshot, vtable),
                        };
                weights[at].bytes += blocks[id].size;
                weights[at].blocks++;
        }
        *best = weights[0];
        for (size_t i = 1; i < count; i++) {
                if (heavier(&weights[i], best))
                        *best = weights[i];
        }
}

int weigh_large(const struct graph *graph, struct vtables *vtables, uint64_t component, uint64_t size,
                struct weight *best)
{
        struct tally tally = { 0 };
        int status = 0;

        for (uint64_t i = 0; i < size && !status; i++) {
                uint64_t id = components_member(&graph->components, component, i);
                const struct block *block = &graph->snapshot->blocks[id];

                components_fetch_block(&graph->components, graph->snapshot->blocks, component, i);
                components_fetch_first(&graph->components, &graph->scan, component, i);
                status = tally_add(&tally, block->stack, vtable_of(vtables, graph->scan.first[id]), block->size);
        }
        for (size_t i = 0; i < tally.count; i++) {
                const struct tally_entry *entry = &tally.entries[i];
                struct weight weight = { .stack = entry->major,
                                         .vtable = entry->minor,
                                         .identity = vtable_identity(graph->snapshot, entry->minor),
                                         .bytes = entry->sum,
                                         .blocks = entry->count };

                if (!i || heavier(&weight, best))
                        *best = weight;
        }
        tally_free(&tally);
        return status;
}
