#include "recounts.h"

/* One block: either one target of its edges, or all that are looked for. */
struct recount {
        const struct graph *graph;
        const struct block *block;
        uint64_t to, words, first;
        const struct table *edges; /* index of the edge, by its target; NULL: one */
        struct recounts *many;
};

static void count_word(struct recount *r, uint64_t target, uint64_t offset)
{
        const uint64_t *edge = r->edges ? table_get(r->edges, target) : NULL;
        uint64_t *words;

        if (edge) {
                words = table_put(&r->many->words, *edge, NULL); /* both are there */
                if (!(*words)++)
                        *table_put(&r->many->offsets, *edge, NULL) = offset;
        } else if (target == r->to && !r->words++) {
                r->first = offset;
        }
}

static int recount_range(void *context, uint64_t start, uint64_t end)
{
        struct recount *r = context;
        const struct memory *memory = &r->graph->snapshot->memory;
        uint64_t words[8192];

        for (uint64_t address = (start + 7) & ~7ull; address < end && end - address >= 8;) {
                size_t want = end - address < sizeof words ? (size_t)(end - address) : sizeof words;
                size_t got = memory->read(memory->context, address, words, want) / 8;

                for (size_t i = 0; i < got; i++) {
                        struct pointee hit = pointers_find(&r->graph->pointers, words[i]);
                        uint64_t offset = address + i * 8 - r->block->address;

                        if (hit.inside != ID_NONE)
                                count_word(r, hit.inside, offset);
                        if (hit.end != ID_NONE && hit.end != hit.inside)
                                count_word(r, hit.end, offset);
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

/* Is it between reachable blocks, and too small to say? */
static bool is_wanted(const struct graph *graph, edge_t edge)
{
        return (edge_count(edge) >= EDGE_COUNT_MANY || edge_word(edge) >= EDGE_WORD_FAR) &&
               graph_confidence(graph, edge_target(edge)) >= STRENGTH_TAGGED;
}

/* Lists those of a block by their targets, and makes room for what is found.
 * -1 without memory. */
static int list(struct recounts *recounts, const struct graph *graph, uint64_t block, struct table *edges)
{
        uint64_t count;
        const edge_t *of_block = scan_edges(&graph->scan, block, &count);

        for (uint64_t i = 0; i < count; i++) {
                uint64_t index = (uint64_t)(&of_block[i] - graph->scan.edges), *slot;

                if (!is_wanted(graph, of_block[i]))
                        continue;
                slot = table_put(edges, edge_target(of_block[i]), NULL);
                if (!slot || !table_put(&recounts->words, index, NULL) || !table_put(&recounts->offsets, index, NULL))
                        return -1;
                *slot = index;
        }
        return 0;
}

/* One reading of the block's memory, however many edges it has. */
static int take(struct recounts *recounts, const struct graph *graph, uint64_t block)
{
        struct table edges = { 0 };
        struct recount r = {
                .graph = graph,
                .block = &graph->snapshot->blocks[block],
                .to = ID_NONE,
                .edges = &edges,
                .many = recounts,
        };
        int status = list(recounts, graph, block, &edges);

        if (!status && edges.count)
                (void)scan_ranges(graph->snapshot, &graph->pointers, block, recount_range, &r);
        table_free(&edges);
        return status;
}

int recounts_take(struct recounts *recounts, const struct graph *graph)
{
        *recounts = (struct recounts){ 0 };
        for (uint64_t id = 0; id < graph->snapshot->block_count; id++)
                if (take(recounts, graph, id)) {
                        recounts_free(recounts);
                        return -1;
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
