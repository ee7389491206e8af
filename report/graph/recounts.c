#include "recounts.h"

/* Counts the words of one block that point at some of its targets. */
struct recount {
        const struct graph *graph;
        const struct block *block;
        struct table *of;          /* the targets that are asked for -> key in `words`; NULL: only `to` */
        struct recounts *recounts; /* where they are counted */
        uint64_t to, words, first; /* without `of` */
        bool failed;
};

/* The blocks that a word leads to, tagged or not, as scanner.c has it. */
static struct pointee pointee_of(const struct pointers *pointers, uint64_t word)
{
        struct pointee hit = { .inside = ID_NONE, .end = ID_NONE };
        uint64_t bare = (uint64_t)((int64_t)(word << 16) >> 16), tagged;

        if (!pointers_near(pointers, word)) {
                if (word >> 48 && pointers_near(pointers, bare))
                        hit.inside = pointers_exact(pointers, bare);
                return hit;
        }
        hit = pointers_find(pointers, word);
        if (!(word & 7) || (hit.inside != ID_NONE && !hit.offset))
                return hit;
        tagged = pointers_exact(pointers, word & ~7ull);
        return tagged == ID_NONE ? hit : (struct pointee){ .inside = tagged, .end = ID_NONE };
}

static void count_word(struct recount *r, uint64_t target, uint64_t offset)
{
        const uint64_t *index;
        uint64_t *slot;

        if (target == ID_NONE)
                return;
        if (!r->of) {
                if (target == r->to && !r->words++)
                        r->first = offset;
                return;
        }
        index = table_get(r->of, target);
        if (!index)
                return;
        slot = table_put(&r->recounts->words, *index, NULL);
        if (slot && !(*slot)++) {
                slot = table_put(&r->recounts->offsets, *index, NULL);
                if (slot)
                        *slot = offset;
        }
        r->failed |= !slot;
}

static int recount_range(void *context, uint64_t start, uint64_t end)
{
        struct recount *r = context;
        const struct memory *memory = &r->graph->snapshot->memory;
        uint64_t words[512];

        for (uint64_t address = (start + 7) & ~7ull; address < end && end - address >= 8;) {
                size_t want = end - address < sizeof words ? (size_t)(end - address) : sizeof words;
                size_t got = memory->read(memory->context, address, words, want) / 8;

                for (size_t i = 0; i < got; i++) {
                        struct pointee hit = pointee_of(&r->graph->pointers, words[i]);
                        uint64_t offset = address + i * 8 - r->block->address;

                        count_word(r, hit.inside, offset);
                        count_word(r, hit.end, offset);
                }
                address += got ? got * 8 : 4096 - (address & 4095);
        }
        return r->failed ? -1 : 0;
}

void recount_edge(const struct graph *graph, uint64_t block, edge_t edge, uint64_t *words, uint64_t *offset)
{
        struct recount r = { .graph = graph, .block = &graph->snapshot->blocks[block], .to = edge_target(edge) };

        (void)scan_ranges(graph->snapshot, &graph->pointers, block, recount_range, &r);
        *words = r.words;
        *offset = r.first;
}

static bool is_wanted(const struct graph *graph, const uint8_t *wanted, uint64_t id)
{
        return wanted ? wanted[id / 8] >> id % 8 & 1 : graph_confidence(graph, id) >= STRENGTH_TAGGED;
}

/* The edges of a block that are too small to say. */
static int ask_for(struct table *of, const struct graph *graph, const uint8_t *wanted, const edge_t *edges,
                   uint64_t count)
{
        for (uint64_t i = 0; i < count; i++) {
                uint64_t *slot;

                if (edge_count(edges[i]) < EDGE_COUNT_MANY && edge_word(edges[i]) < EDGE_WORD_FAR)
                        continue;
                if (!is_wanted(graph, wanted, edge_target(edges[i])))
                        continue;
                slot = table_put(of, edge_target(edges[i]), NULL);
                if (!slot)
                        return -1;
                *slot = (uint64_t)(&edges[i] - graph->scan.edges);
        }
        return 0;
}

/* All of a block's in one look at its memory. */
static int take(struct recounts *recounts, const struct graph *graph, const uint8_t *wanted, uint64_t block)
{
        struct table of = { 0 };
        struct recount r = {
                .graph = graph, .block = &graph->snapshot->blocks[block], .of = &of, .recounts = recounts
        };
        uint64_t count;
        const edge_t *edges = scan_edges(&graph->scan, block, &count);
        int status = ask_for(&of, graph, wanted, edges, count);

        if (!status && of.count)
                status = scan_ranges(graph->snapshot, &graph->pointers, block, recount_range, &r);
        table_free(&of);
        return status;
}

int recounts_take(struct recounts *recounts, const struct graph *graph, const uint8_t *wanted)
{
        *recounts = (struct recounts){ 0 };
        for (uint64_t id = 0; id < graph->snapshot->block_count; id++) {
                if (take(recounts, graph, wanted, id)) {
                        recounts_free(recounts);
                        return -1;
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
