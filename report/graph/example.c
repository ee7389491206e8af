#include "example.h"

#include "table.h"

struct collector {
        const struct graph *graph;
        const struct example_request *request;
        size_t limit;
        struct table places; /* block -> index in `examples` */
        struct group_example *const *examples;
        size_t count;
        uint8_t *wanted; /* bit for each block */
        const struct recounts *recounts;
};

static int prepare_example(struct collector *c, size_t index)
{
        struct group_arena **arena = c->request->arena;
        struct group_example *example = c->examples[index];
        uint64_t *slot = table_put(&c->places, example->block, NULL);

        example->referenced_by = arena_alloc(arena, c->limit, sizeof *example->referenced_by);
        example->references = arena_alloc(arena, c->limit, sizeof *example->references);
        if (!slot || !example->referenced_by || !example->references)
                return -1;
        *slot = index;
        c->wanted[example->block / 8] |= (uint8_t)(1 << example->block % 8);
        return 0;
}

static int prepare(struct collector *c)
{
        c->wanted = mem_alloc(c->graph->snapshot->block_count / 8 + 1, 1);
        if (!c->wanted)
                return -1;
        for (size_t i = 0; i < c->count; i++)
                if (prepare_example(c, i))
                        return -1;
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

/* What the edge itself is too small to say. */
static void recount(const struct collector *c, uint64_t from, const edge_t *edge, struct group_reference *reference,
                    uint64_t *words)
{
        uint64_t index = (uint64_t)(edge - c->graph->scan.edges), counted = 0, offset = 0;

        if (!recounts_get(c->recounts, index, &counted, &offset)) {
                if (c->request->recounts || is_wanted(c, edge_target(*edge)) || edge_word(*edge) < EDGE_WORD_FAR)
                        return;
                recount_edge(c->graph, from, *edge, &counted, &offset);
        }
        if (counted > *words)
                *words = counted;
        if (counted && edge_word(*edge) == EDGE_WORD_FAR)
                reference->offset = offset;
}

static struct group_reference edge_reference(const struct collector *c, uint64_t from, const edge_t *at,
                                             uint64_t *words)
{
        edge_t edge = *at;
        struct group_reference reference = {
                .from = from,
                .to = edge_target(edge),
                .strength = edge_strength(edge),
                .offset = block_lead(&c->graph->snapshot->blocks[from]) + 8 * edge_word(edge),
        };

        *words = edge_count(edge);
        if (*words == EDGE_COUNT_MANY || edge_word(edge) == EDGE_WORD_FAR)
                recount(c, from, at, &reference, words);
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
                        reference = edge_reference(c, id, &edges[i], &words);
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
                        edge_reference(c, example->block, &edges[i], &words);
}

static uint64_t block_vtable(const struct collector *c, struct vtables *vtables, uint64_t id)
{
        return vtable_of(vtables, c->graph->scan.first[id]);
}

static void find_vtables(const struct collector *c, struct vtables *vtables, struct group_example *example)
{
        example->vtable = block_vtable(c, vtables, example->block);
        for (size_t i = 0; i < example->referenced_by_count; i++) {
                struct group_reference *reference = &example->referenced_by[i];

                if (!reference->root)
                        reference->vtable = block_vtable(c, vtables, reference->from);
        }
        for (size_t i = 0; i < example->references_count; i++)
                example->references[i].vtable = block_vtable(c, vtables, example->references[i].to);
}

int examples_fill_list(const struct graph *graph, struct group_example *const *examples, size_t count,
                       const struct example_request *request)
{
        struct collector c = {
                .graph = graph, .request = request, .limit = request->limit, .examples = examples, .count = count
        };
        struct recounts own = { 0 };
        int status = prepare(&c);

        c.recounts = request->recounts ? request->recounts : &own;
        if (!status && !request->recounts)
                status = recounts_take(&own, graph, c.wanted);
        if (!status) {
                collect_roots(&c);
                collect_blocks(&c);
                for (size_t i = 0; i < c.count; i++) {
                        collect_references(&c, c.examples[i]);
                        if (request->vtables)
                                find_vtables(&c, request->vtables, c.examples[i]);
                }
        }
        recounts_free(&own);
        table_free(&c.places);
        mem_free(c.wanted);
        return status;
}

static size_t count_examples(const struct groups *groups)
{
        size_t count = 0;

        for (size_t i = 0; i < groups->count; i++)
                count += groups->list[i].example_count;
        return count;
}

int examples_fill(const struct graph *graph, struct groups *groups, struct vtables *vtables, size_t limit)
{
        const struct example_request request = { .arena = &groups->arena, .limit = limit, .vtables = vtables };
        struct group_example **examples = mem_alloc(count_examples(groups), sizeof *examples);
        size_t count = 0;
        int status;

        if (!examples)
                return -1;
        for (size_t i = 0; i < groups->count; i++)
                for (size_t k = 0; k < groups->list[i].example_count; k++)
                        examples[count++] = &groups->list[i].examples[k];
        status = examples_fill_list(graph, examples, count, &request);
        mem_free(examples);
        return status;
}
