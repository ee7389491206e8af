#include "keepers.h"

#include "example.h"
#include "keepers_parts.h"

#include <stdlib.h>

/* ---- ranking ---------------------------------------------------------------- */

/* Blocks that keep most; of a chain of one sort only the head. */
static bool is_head(const struct keeping *k, uint64_t id)
{
        uint64_t parent = ids_get(&k->keepers->retained.dominators.idom, id);

        return parent >= k->blocks || k->sorts.of[parent] != k->sorts.of[id];
}

static bool block_before(const struct keeping *k, uint64_t a, uint64_t b)
{
        const struct retained *r = &k->keepers->retained;

        if (r->bytes[a] != r->bytes[b])
                return r->bytes[a] > r->bytes[b];
        return sorts_before(k->graph, a, b);
}

static int compare_blocks(const void *left, const void *right, void *context)
{
        uint64_t a = *(const uint64_t *)left, b = *(const uint64_t *)right;

        return a == b ? 0 : block_before(context, a, b) ? -1 : 1;
}

static int heads(const struct keeping *k, uint64_t **list, size_t *count)
{
        const struct dominators *d = &k->keepers->retained.dominators;
        size_t capacity = 0;

        *list = NULL;
        *count = 0;
        for (uint64_t i = 1; i < d->reached; i++) {
                uint64_t id = ids_get(&d->order, i);

                if (id >= k->blocks || !is_head(k, id))
                        continue;
                if (mem_grow(list, &capacity, *count + 1, sizeof **list))
                        return -1;
                (*list)[(*count)++] = id;
        }
        if (*count)
                qsort_r(*list, *count, sizeof **list, compare_blocks, (void *)(uintptr_t)k);
        return 0;
}

static int fill_blocks(struct keeping *k, const uint64_t *list, size_t count)
{
        struct keepers *keepers = k->keepers;
        const struct example_request request = {
                .recounts = k->recounts, .arena = &keepers->arena, .limit = k->options->references
        };
        struct group_example **examples = mem_alloc(count, sizeof *examples);
        int status = -1;

        keepers->blocks = arena_alloc(&keepers->arena, count, sizeof *keepers->blocks);
        if (examples && keepers->blocks) {
                for (size_t i = 0; i < count; i++) {
                        keepers->blocks[i].block = list[i];
                        examples[i] = &keepers->blocks[i];
                }
                keepers->block_count = count;
                status = examples_fill_list(k->graph, examples, count, &request);
        }
        mem_free(examples);
        return status;
}

static int find_blocks(struct keeping *k)
{
        uint64_t *list;
        size_t count;
        int status = heads(k, &list, &count);

        if (!status) {
                k->keepers->blocks_total = count;
                status = fill_blocks(k, list, keeping_limit(k, count));
        }
        mem_free(list);
        return status;
}

/* ---- the whole ---------------------------------------------------------------- */

static void count_blocks(struct keeping *k)
{
        struct keepers *keepers = k->keepers;

        for (uint64_t id = 0; id < k->blocks; id++) {
                const struct block *block = &k->graph->snapshot->blocks[id];

                if (k->sorts.of[id] == SORT_NONE)
                        continue;
                if (k->sorts.list[k->sorts.of[id]].type) {
                        keepers->typed_blocks++;
                        keepers->typed_bytes += block->size;
                }
                if (!graph_reported(k->graph, id)) {
                        keepers->inherited_blocks++;
                        keepers->inherited_bytes += block->size;
                }
        }
}

int keepers_run(struct keepers *keepers, const struct graph *graph, struct vtables *vtables,
                const struct recounts *recounts, const struct keepers_options *options, struct error *e)
{
        struct keeping k = {
                .keepers = keepers,
                .graph = graph,
                .recounts = recounts,
                .options = options,
                .blocks = graph->snapshot->block_count,
        };
        int status;

        *keepers = (struct keepers){ 0 };
        if (retained_run(&keepers->retained, graph, options->holders, e))
                return -1;
        status = sorts_init(&k.sorts, graph, &keepers->retained, vtables, options);
        if (!status)
                status = domtree_init(&k.tree, &keepers->retained.dominators);
        if (!status) {
                count_blocks(&k);
                status = keepers_sums(&k) || keepers_lines(&k) || keepers_points(&k) || find_blocks(&k) ? -1 : 0;
        }
        domtree_free(&k.tree);
        sorts_free(&k.sorts);
        if (!status)
                return 0;
        keepers_release(keepers);
        return error_no_memory(e, "finding what keeps what");
}

void keepers_release(struct keepers *keepers)
{
        retained_free(&keepers->retained);
        arena_free(&keepers->arena);
        *keepers = (struct keepers){ 0 };
}
