#include "example.h"

#include "arena.h"
#include "table.h"

struct collector {
        const struct graph *graph;
        struct groups *groups;
        size_t limit;
        struct table places; /* block -> index in `examples` */
        struct group_example **examples;
        size_t count;
        uint8_t *wanted; /* bit for each block */
};

static size_t count_examples(const struct groups *groups)
{
        size_t count = 0;

        for (size_t i = 0; i < groups->count; i++)
                count += groups->list[i].example_count;
        return count;
}

static int prepare_example(struct collector *c, struct group_example *example)
{
        struct group_arena **arena = &c->groups->arena;
        uint64_t *slot = table_put(&c->places, example->block, NULL);

        example->referenced_by = arena_alloc(arena, c->limit, sizeof *example->referenced_by);
        example->references = arena_alloc(arena, c->limit, sizeof *example->references);
        if (!slot || !example->referenced_by || !example->references)
                return -1;
        *slot = c->count;
        c->examples[c->count++] = example;
        c->wanted[example->block / 8] |= (uint8_t)(1 << example->block % 8);
        return 0;
}

static int prepare(struct collector *c)
{
        size_t count = count_examples(c->groups);

        c->examples = mem_alloc(count, sizeof *c->examples);
        c->wanted = mem_alloc(c->graph->snapshot->block_count / 8 + 1, 1);
        if (!c->examples || !c->wanted)
                return -1;
        for (size_t i = 0; i < c->groups->count; i++) {
                struct group *group = &c->groups->list[i];

                for (size_t j = 0; j < group->example_count; j++) {
                        if (prepare_example(c, &group->examples[j]))
                                return -1;
                }
        }
        return 0;
}

/* Roots first, as they come; then the oldest blocks. */
static bool reference_before(const struct graph *graph, const struct group_reference *a,
                             const struct group_reference *b)
{
        const struct snapshot *s = graph->snapshot;
        const struct block *x, *y;

        if (a->root != b->root)
                return a->root;
        if (a->root) {
                if (s->roots[a->from].kind != s->roots[b->from].kind)
                        return s->roots[a->from].kind < s->roots[b->from].kind;
                return a->from != b->from ? a->from < b->from : a->offset < b->offset;
        }
        x = &s->blocks[a->from];
        y = &s->blocks[b->from];
        if (x->time_ns != y->time_ns)
                return x->time_ns < y->time_ns;
        if (x->stack != y->stack)
                return x->stack < y->stack;
        if (a->offset != b->offset)
                return a->offset < b->offset;
        return a->from < b->from;
}

static void add_reference(struct collector *c, const struct group_reference *reference, uint64_t words)
{
        const uint64_t *place = table_get(&c->places, reference->to);
        struct group_example *example = c->examples[*place];
        struct group_reference *list = example->referenced_by;
        size_t at = example->referenced_by_count;

        example->reference_count += words;
        if (at == c->limit && (!at || !reference_before(c->graph, reference, &list[at - 1])))
                return;
        if (at < c->limit)
                example->referenced_by_count++;
        else
                at--;
        for (; at > 0 && reference_before(c->graph, reference, &list[at - 1]); at--)
                list[at] = list[at - 1];
        list[at] = *reference;
}

static bool is_wanted(const struct collector *c, uint64_t id)
{
        return c->wanted[id / 8] >> id % 8 & 1;
}

/* Words of block `from` that point at block `to`, where the edge could not
 * count so far.  `*first` becomes the offset of the strongest, as far as the
 * edge could not tell. */
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

static void recount(const struct graph *graph, uint64_t from, edge_t edge, struct group_reference *reference,
                    uint64_t *words)
{
        struct recount r = { .graph = graph, .block = &graph->snapshot->blocks[from], .to = edge_target(edge) };

        (void)scan_ranges(graph->snapshot, &graph->pointers, from, recount_range, &r);
        if (r.words > *words)
                *words = r.words;
        if (r.words && edge_word(edge) == EDGE_WORD_FAR)
                reference->offset = r.first;
}

static struct group_reference edge_reference(const struct graph *graph, uint64_t from, edge_t edge, uint64_t *words)
{
        struct group_reference reference = {
                .from = from,
                .to = edge_target(edge),
                .strength = edge_strength(edge),
                .offset = block_lead(&graph->snapshot->blocks[from]) + 8 * edge_word(edge),
        };

        *words = edge_count(edge);
        if (*words == EDGE_COUNT_MANY || edge_word(edge) == EDGE_WORD_FAR)
                recount(graph, from, edge, &reference, words);
        return reference;
}

static void collect_blocks(struct collector *c)
{
        for (uint64_t id = 0; id < c->graph->snapshot->block_count; id++) {
                uint64_t count, words;
                const edge_t *edges = scan_edges(&c->graph->scan, id, &count);

                for (uint64_t i = 0; i < count; i++) {
                        struct group_reference reference;

                        if (!is_wanted(c, edge_target(edges[i])))
                                continue;
                        reference = edge_reference(c->graph, id, edges[i], &words);
                        add_reference(c, &reference, words);
                }
        }
}

static void collect_roots(struct collector *c)
{
        const struct scan *scan = &c->graph->scan;
        const struct confidence *confidence = &c->graph->confidence;

        for (uint64_t i = 0; i < scan->root_count; i++) {
                const struct root_edge *edge = &scan->roots[i];
                struct group_reference reference = { .root = true,
                                                     .from = edge->root,
                                                     .offset = edge->offset,
                                                     .to = edge->to,
                                                     .strength = edge->strength };

                if (is_wanted(c, edge->to))
                        add_reference(c, &reference, edge->count);
        }
        for (size_t i = 0; i < confidence->unaligned_count; i++) {
                const struct unaligned_edge *edge = &confidence->unaligned[i];
                struct group_reference reference = { .root = edge->root,
                                                     .from = edge->from,
                                                     .offset = edge->offset,
                                                     .to = edge->to,
                                                     .strength = STRENGTH_UNALIGNED };

                if (is_wanted(c, edge->to))
                        add_reference(c, &reference, 1);
        }
}

static void collect_references(struct collector *c, struct group_example *example)
{
        uint64_t count, words;
        const edge_t *edges = scan_edges(&c->graph->scan, example->block, &count);

        for (uint64_t i = 0; i < count && example->references_count < c->limit; i++)
                example->references[example->references_count++] =
                        edge_reference(c->graph, example->block, edges[i], &words);
}

int examples_fill(const struct graph *graph, struct groups *groups, size_t limit)
{
        struct collector c = { .graph = graph, .groups = groups, .limit = limit };
        int status = prepare(&c);

        if (!status) {
                collect_roots(&c);
                collect_blocks(&c);
                for (size_t i = 0; i < c.count; i++)
                        collect_references(&c, c.examples[i]);
        }
        table_free(&c.places);
        mem_free(c.examples);
        mem_free(c.wanted);
        return status;
}
