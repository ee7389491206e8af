#include "recounts.h"

struct recount {
        const struct graph *graph;
        const struct block *block;
        uint64_t to, words, first;
};

static int recount_range(void *context, uint64_t start, uint64_t end)
{
        struct recount *r = context;
        const struct memory *memory = &r->graph->snapshot->memory;
        uint64_t words[512];

        for (uint64_t address = (start + 7) & ~7ull; address < end && end - address >= 8;) {
                size_t want = end - address < sizeof words ? (size_t)(end - address) : sizeof words;
                size_t got = memory->read(memory->context, address, words, want) / 8;

                for (size_t i = 0; i < got; i++) {
                        struct pointee hit = pointers_find(&r->graph->pointers, words[i]);

                        if (hit.inside != r->to && hit.end != r->to)
                                continue;
                        if (!r->words++)
                                r->first = address + i * 8 - r->block->address;
                }
                address += got ? got * 8 : 4096 - (address & 4095);
        }
        return 0;
}

void recount_edge(const struct graph *graph, uint64_t block, edge_t edge, uint64_t *words, uint64_t *offset)
{
        struct recount r = { .graph = graph, .block = &graph->snapshot->blocks[block], .to = edge_target(edge) };

        (void)scan_ranges(graph->snapshot, &graph->pointers, block, recount_range, &r);
        *words = r.words;
        *offset = r.first;
}

static int take(struct recounts *recounts, const struct graph *graph, uint64_t block, const edge_t *edge)
{
        uint64_t index = (uint64_t)(edge - graph->scan.edges), words, offset;
        uint64_t *slot;

        recount_edge(graph, block, *edge, &words, &offset);
        slot = table_put(&recounts->words, index, NULL);
        if (!slot)
                return -1;
        *slot = words;
        slot = table_put(&recounts->offsets, index, NULL);
        if (!slot)
                return -1;
        *slot = offset;
        return 0;
}

int recounts_take(struct recounts *recounts, const struct graph *graph)
{
        *recounts = (struct recounts){ 0 };
        for (uint64_t id = 0; id < graph->snapshot->block_count; id++) {
                uint64_t count;
                const edge_t *edges = scan_edges(&graph->scan, id, &count);

                for (uint64_t i = 0; i < count; i++) {
                        if (edge_count(edges[i]) < EDGE_COUNT_MANY && edge_word(edges[i]) < EDGE_WORD_FAR)
                                continue;
                        if (graph_confidence(graph, edge_target(edges[i])) >= STRENGTH_TAGGED &&
                            take(recounts, graph, id, &edges[i])) {
                                recounts_free(recounts);
                                return -1;
                        }
                }
        }
        return 0;
}

void recounts_free(struct recounts *recounts)
{
        table_free(&recounts->words);
        table_free(&recounts->offsets);
}

bool recounts_get(const struct recounts *recounts, uint64_t index, uint64_t *words, uint64_t *offset)
{
        const uint64_t *found = table_get(&recounts->words, index);

        if (!found)
                return false;
        *words = *found;
        *offset = *table_get(&recounts->offsets, index);
        return true;
}
