#include "suite.h"

#include "brute.h"
#include "heap.h"

#include "report/graph/group.h"
#include "report/graph/paths.h"
#include "report/graph/ring.h"
#include "report/mem.h"

#include <stdio.h>
#include <string.h>

/*
 * Random heaps, each described without addresses, so that it can be laid out
 * in any order; what the graph says is compared with brute.h.
 */

enum { ROOTS = 5, ROOT_WORDS = 8, REFERENCES = 64 };

#define HEAP_START 0x555500000000ull
#define ROOT_START 0x7fff00000000ull

struct reference {
        int from;    /* block, or -1 - root */
        uint64_t at; /* offset of the word */
        int to;      /* block, or -1: `delta` is a plain number */
        uint64_t delta, high;
};

struct plan {
        size_t count;
        uint64_t sizes[BRUTE_BLOCKS];
        uint32_t stacks[BRUTE_BLOCKS], flags[BRUTE_BLOCKS];
        int inside[BRUTE_BLOCKS];    /* the mapping it is in, or -1 */
        uint64_t lead[BRUTE_BLOCKS]; /* and where in it */
        struct reference references[REFERENCES];
        size_t reference_count;
};

static uint64_t seed;

static uint64_t random_below(uint64_t limit)
{
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        return (seed >> 11) % limit;
}

static bool chance(unsigned percent)
{
        return random_below(100) < percent;
}

/* A heap's description */

static void plan_blocks(struct plan *p)
{
        static const uint64_t sizes[] = { 0, 1, 4, 7, 8, 9, 16, 24, 32, 40, 48, 64, 72, 104, 200, 4000, 70000 };
        bool one_site = chance(15);

        p->count = 1 + random_below(one_site ? 24 : 12);
        for (size_t i = 0; i < p->count; i++) {
                p->inside[i] = -1;
                p->sizes[i] = one_site ? 64 : sizes[random_below(chance(80) ? 14 : 17)];
                p->stacks[i] = one_site ? 1 + (uint32_t)chance(10) : (uint32_t)random_below(4);
                p->flags[i] = (chance(20) ? BLOCK_ARRAY : 0) | (chance(3) ? BLOCK_INHERITED : 0);
        }
}

/* Sometimes the first block is a mapping that holds some of the others. */
static void plan_mapping(struct plan *p)
{
        uint64_t at = random_below(3) * 8;

        if (p->count < 2 || chance(75))
                return;
        p->flags[0] |= BLOCK_MAPPING;
        for (size_t i = 1; i < p->count; i++) {
                if (p->sizes[i] > 4000 || chance(40))
                        continue;
                p->inside[i] = 0;
                p->lead[i] = at;
                at += (p->sizes[i] + 1 + 7 + random_below(4) * 8) & ~7ull;
        }
        p->sizes[0] = at + random_below(5) * 8;
        if (chance(10))
                p->sizes[0] += 2 << 20;
}

static uint64_t random_delta(const struct plan *p, size_t to)
{
        uint64_t size = p->sizes[to];

        switch (random_below(12)) {
        case 0:
                return size ? random_below(size) : 0;
        case 1:
                return size;
        case 2:
                return 1 + random_below(7);
        case 3:
                return 8;
        case 4:
                return 8ull << random_below(4);
        case 5:
                return 24;
        default:
                return 0;
        }
}

static void plan_references(struct plan *p)
{
        size_t count = random_below(p->count * 2 + 2), common = 8 * random_below(4);
        bool same = chance(30);

        for (size_t i = 0; i < count && p->reference_count < REFERENCES; i++) {
                struct reference *r = &p->references[p->reference_count];
                uint64_t words;

                r->from = chance(15) ? -1 - (int)random_below(ROOTS) : (int)random_below(p->count);
                words = r->from < 0 ? ROOT_WORDS : p->sizes[r->from] / 8;
                if (!words)
                        continue;
                r->at = 8 * random_below(words);
                if (chance(6) && words > 1)
                        r->at = random_below(words * 8 - 8);
                r->to = chance(12) ? -1 : (int)random_below(p->count);
                if (r->to < 0)
                        r->delta = chance(50) ? random_below(12)
                                              : p->sizes[random_below(p->count)] - (chance(50) ? 8 : 25);
                else
                        r->delta = same ? common : random_delta(p, (size_t)r->to);
                r->high = r->to >= 0 && chance(5) ? random_below(0xffff) + 1 : 0;
                p->reference_count++;
        }
}

static void plan_heap(struct plan *p)
{
        *p = (struct plan){ 0 };
        plan_blocks(p);
        plan_mapping(p);
        plan_references(p);
}

/* Laying it out */

struct layout {
        struct heap heap;
        uint64_t address[BRUTE_BLOCKS];
        uint64_t registers[ROOT_WORDS];
};

static void shuffle(size_t *order, size_t count)
{
        for (size_t i = count; i > 1; i--) {
                size_t j = random_below(i), swap = order[i - 1];

                order[i - 1] = order[j];
                order[j] = swap;
        }
}

/* With `apart`, blocks do not touch, so that every order means the same. */
static void place(struct layout *l, const struct plan *p, bool apart)
{
        static const uint64_t gaps[] = { 0, 0, 8, 16, 200, 4096, 65536, 3 << 20 };
        size_t order[BRUTE_BLOCKS];
        uint64_t at = HEAP_START + random_below(100) * 16;

        for (size_t i = 0; i < p->count; i++)
                order[i] = i;
        shuffle(order, p->count);
        for (size_t i = 0; i < p->count; i++) {
                size_t block = order[i];

                if (p->inside[block] >= 0)
                        continue;
                l->address[block] = at;
                at = (at + (p->sizes[block] ? p->sizes[block] : 1) + 7) & ~7ull;
                at += gaps[random_below(8)] + (apart ? 128 : 0);
        }
        for (size_t i = 0; i < p->count; i++) {
                if (p->inside[i] >= 0)
                        l->address[i] = l->address[p->inside[i]] + p->lead[i];
        }
}

static void build(struct layout *l, const struct plan *p, bool apart)
{
        static const enum root_kind kinds[ROOTS] = { ROOT_GLOBAL, ROOT_TLS, ROOT_STACK, ROOT_UNKNOWN, ROOT_REGISTER };

        *l = (struct layout){ 0 };
        heap_init(&l->heap);
        place(l, p, apart);
        for (size_t i = 0; i < p->count; i++) {
                struct block *block = heap_block(&l->heap, l->address[i], p->sizes[i]);

                block->stack = p->stacks[i];
                block->flags = p->flags[i];
                block->time_ns = i;
        }
        for (int i = 0; i < ROOTS - 1; i++)
                heap_root(&l->heap, kinds[i], ROOT_START + (uint64_t)i * 4096,
                          ROOT_START + (uint64_t)i * 4096 + ROOT_WORDS * 8);
        heap_registers(&l->heap, l->registers, ROOT_WORDS);
        for (size_t i = 0; i < p->reference_count; i++) {
                const struct reference *r = &p->references[i];
                uint64_t word = r->to < 0 ? r->delta : (l->address[r->to] + r->delta) | r->high << 48;

                if (r->from >= 0)
                        heap_word(&l->heap, l->address[r->from] + r->at, word);
                else if (r->from == -ROOTS)
                        l->registers[r->at / 8] = word;
                else
                        heap_word(&l->heap, ROOT_START + (uint64_t)(-1 - r->from) * 4096 + r->at, word);
        }
}

/* Comparing */

static void check_block(const struct graph *graph, const struct brute *b, size_t i)
{
        uint64_t component, source, count;
        const edge_t *edges = scan_edges(&graph->scan, i, &count);

        ck_assert_int_eq(graph_confidence(graph, i), b->confidence[i]);
        ck_assert_int_eq(graph_kind(graph, i), b->kinds[i]);
        for (uint64_t j = 0; j < count; j++)
                ck_assert_int_eq(edge_strength(edges[j]), b->edges[i][edge_target(edges[j])]);
        for (size_t j = 0; j < b->count; j++)
                count -= b->edges[i][j] != STRENGTH_NONE;
        ck_assert_uint_eq(count, 0);
        if (b->confidence[i])
                return;
        component = components_of(&graph->components, i);
        for (size_t j = 0; j < b->count; j++) {
                if (!b->confidence[j])
                        ck_assert_int_eq(components_of(&graph->components, j) == component, b->head[i] == b->head[j]);
        }
        source = ids_get(&graph->owners.of, component);
        if (b->owner[i] < 0) {
                ck_assert_uint_eq(source, OWNER_SHARED);
                return;
        }
        ck_assert_uint_eq(graph->owners.sources[source].component,
                          components_of(&graph->components, (uint64_t)b->owner[i]));
        ck_assert_uint_eq(graph->owners.sources[source].exclusive_bytes, b->exclusive_bytes[b->owner[i]]);
        ck_assert_uint_eq(graph->owners.sources[source].exclusive_blocks, b->exclusive_blocks[b->owner[i]]);
}

/* The weakest step must be as weak as the block's confidence. */
static void check_path(const struct graph *graph, const struct paths *paths, size_t i)
{
        struct confidence_step step;

        if (paths_weakest(paths, i, &step))
                ck_assert_int_eq(step.strength, graph_confidence(graph, i));
        else
                ck_assert(!graph_confidence(graph, i) || !graph_reported(graph, i));
}

/* Does the component keep no cycle without that edge?  Takes away blocks that
 * nothing left points at. */
static bool breaks_all(const struct brute *b, int head, size_t from, size_t to)
{
        bool gone[BRUTE_BLOCKS] = { false };
        size_t left = 0;

        for (size_t i = 0; i < b->count; i++) {
                gone[i] = b->confidence[i] || b->head[i] != head;
                left += !gone[i];
        }
        for (bool more = true; more;) {
                more = false;
                for (size_t i = 0; i < b->count; i++) {
                        bool held = false;

                        for (size_t j = 0; j < b->count; j++)
                                held |= !gone[j] && i != j && b->edges[j][i] >= STRENGTH_INTERIOR &&
                                        (j != from || i != to);
                        if (gone[i] || held)
                                continue;
                        gone[i] = more = true;
                        left--;
                }
        }
        return !left;
}

/* All edges that alone break every cycle are counted, and no other is told as
 * such; where there are none others are told. */
static void check_breaks(const struct brute *b, const struct group_cycle *cycle, int head)
{
        size_t expected = 0;

        for (size_t i = 0; i < b->count; i++) {
                for (size_t j = 0; j < b->count; j++)
                        expected += i != j && b->head[i] == head && b->head[j] == head && !b->confidence[i] &&
                                    !b->confidence[j] && b->edges[i][j] >= STRENGTH_INTERIOR &&
                                    breaks_all(b, head, i, j);
        }
        ck_assert_uint_gt(cycle->break_at_count, 0);
        ck_assert_uint_ge(cycle->break_at_total, cycle->break_at_count);
        ck_assert_int_eq(expected > 0, cycle->break_at[0].how == BREAK_ALL);
        if (expected)
                ck_assert_uint_eq(cycle->break_at_total, expected);
        for (size_t i = 0; i < cycle->break_at_count; i++) {
                const struct group_step *step = &cycle->break_at[i];

                ck_assert_int_eq(step->how, cycle->break_at[0].how);
                if (expected)
                        ck_assert(breaks_all(b, head, step->block, step->to));
                ck_assert_uint_ge(step->alike_total, step->alike);
                ck_assert_uint_gt(step->alike, 0);
        }
}

static void check_cycle(const struct graph *graph, const struct brute *b, const struct group_cycle *cycle)
{
        int head = b->head[cycle->path[0].block];

        ck_assert_uint_eq(cycle->length, b->girth[head]);
        ck_assert_uint_eq(cycle->path_count, cycle->length);
        check_breaks(b, cycle, head);
        for (size_t i = 0; i < cycle->path_count; i++) {
                const struct group_step *step = &cycle->path[i];
                uint64_t word = 0;

                ck_assert_uint_eq(step->to, cycle->path[(i + 1) % cycle->path_count].block);
                ck_assert_int_eq(step->strength, b->edges[step->block][step->to]);
                graph->snapshot->memory.read(graph->snapshot->memory.context,
                                             graph->snapshot->blocks[step->block].address + step->offset, &word, 8);
                ck_assert_uint_ne(word, 0);
        }
}

static void check_groups(const struct graph *graph, const struct brute *b, const struct groups *groups)
{
        uint64_t bytes = groups->shared_bytes, reported = 0, blocks = 0;

        for (size_t i = 0; i < groups->count; i++) {
                const struct group *group = &groups->list[i];

                bytes += group->exclusive_bytes;
                blocks += group->blocks;
                if (group->kind == KIND_CYCLE)
                        check_cycle(graph, b, group->cycle);
                if (group->kind == KIND_POSSIBLE)
                        ck_assert_ptr_nonnull(group->weak_why);
                for (size_t j = 0; j < group->example_count; j++) {
                        const struct group_example *example = &group->examples[j];

                        ck_assert_int_eq(b->kinds[example->block], group->kind);
                        ck_assert_uint_eq(example->reference_count, b->references[example->block]);
                }
        }
        ck_assert_uint_eq(bytes, graph->lost_bytes);
        for (size_t i = 0; i < b->count; i++)
                reported += graph_reported(graph, i);
        ck_assert_uint_eq(blocks, reported);
}

static void check_heap(const struct plan *p)
{
        struct layout l;
        struct brute b;
        struct graph graph;
        struct groups groups;
        struct paths paths;
        struct group_options options = { .reachable = true };
        struct error e = { 0 };

        build(&l, p, false);
        brute_run(&b, heap_snapshot(&l.heap));
        ck_assert_int_eq(graph_analyse(&graph, &l.heap.snapshot, &e), 0);
        ck_assert_int_eq(groups_build(&groups, &graph, &options, &e), 0);
        ck_assert_int_eq(paths_init(&paths, &graph), 0);
        for (size_t i = 0; i < b.count; i++) {
                check_block(&graph, &b, i);
                check_path(&graph, &paths, i);
        }
        paths_free(&paths);
        ck_assert_uint_eq(graph.owners.shared_bytes, b.shared_bytes);
        ck_assert_uint_eq(graph.owners.shared_blocks, b.shared_blocks);
        check_groups(&graph, &b, &groups);
        groups_release(&groups);
        graph_release(&graph);
        heap_free(&l.heap);
}

START_TEST(every_block_is_what_the_definitions_say)
{
        struct plan plan;

        for (uint64_t i = 1; i <= 5000; i++) {
                seed = i * 0x9e3779b97f4a7c15ull;
                plan_heap(&plan);
                check_heap(&plan);
        }
}
END_TEST

/* Order independence */

/* What is said of a heap, without addresses: blocks by their place in the
 * plan, which is their time. */
static void describe(const struct groups *groups, const struct graph *graph, char *text, size_t size)
{
        const struct block *blocks = graph->snapshot->blocks;
        size_t used = 0;

#define SAY(...) used += (size_t)snprintf(text + used, used < size ? size - used : 0, __VA_ARGS__)
#define NAME(id) (unsigned)blocks[id].time_ns
        for (size_t i = 0; i < groups->count; i++) {
                const struct group *group = &groups->list[i];

                SAY("%s stack %u x%lu %lu/%lu own %lu/%lu first %lu %s\n", kind_names[group->kind], group->stack,
                    group->instances, group->blocks, group->bytes, group->exclusive_blocks, group->exclusive_bytes,
                    group->first_ns, group->weak_why ? group->weak_why : "");
                for (size_t j = 0; j < group->owner_count; j++)
                        SAY(" owner %zu", group->owners[j]);
                for (size_t j = 0; group->cycle && j < group->cycle->path_count; j++)
                        SAY(" %u+%lu", NAME(group->cycle->path[j].block), group->cycle->path[j].offset);
                for (size_t j = 0; group->cycle && j < group->cycle->break_at_count; j++)
                        SAY(" cut %u+%lu %d", NAME(group->cycle->break_at[j].block), group->cycle->break_at[j].offset,
                            group->cycle->break_at[j].how);
                for (size_t j = 0; j < group->example_count; j++) {
                        const struct group_example *example = &group->examples[j];

                        SAY(" example %u refs %lu", NAME(example->block), example->reference_count);
                        for (size_t k = 0; k < example->referenced_by_count; k++)
                                SAY(" by %s%u+%lu", example->referenced_by[k].root ? "root " : "",
                                    example->referenced_by[k].root ? (unsigned)example->referenced_by[k].from
                                                                   : NAME(example->referenced_by[k].from),
                                    example->referenced_by[k].offset);
                        for (size_t k = 0; k < example->references_count; k++)
                                SAY(" to %u+%lu", NAME(example->references[k].to), example->references[k].offset);
                }
                SAY("\n");
        }
#undef SAY
#undef NAME
        ck_assert_uint_lt(used, size);
}

static void say_heap(const struct plan *p, char *text, size_t size)
{
        struct layout l;
        struct graph graph;
        struct groups groups;
        struct group_options options = { .reachable = true };
        struct error e = { 0 };

        build(&l, p, true);
        ck_assert_int_eq(graph_analyse(&graph, heap_snapshot(&l.heap), &e), 0);
        ck_assert_int_eq(groups_build(&groups, &graph, &options, &e), 0);
        describe(&groups, &graph, text, size);
        groups_release(&groups);
        graph_release(&graph);
        heap_free(&l.heap);
}

START_TEST(the_order_of_addresses_changes_nothing)
{
        static char first[64 << 10], other[64 << 10];
        struct plan plan;

        for (uint64_t i = 1; i <= 1000; i++) {
                seed = i * 0xd1342543de82ef95ull;
                plan_heap(&plan);
                say_heap(&plan, first, sizeof first);
                for (int layout = 0; layout < 6; layout++) {
                        say_heap(&plan, other, sizeof other);
                        ck_assert_str_eq(first, other);
                }
        }
}
END_TEST

/* Memory */

START_TEST(every_failing_allocation_is_survived)
{
        struct plan plan;
        size_t failures = 0;

        for (uint64_t i = 1; i <= 60; i++) {
                bool done = false;

                seed = i * 0x9e3779b97f4a7c15ull;
                plan_heap(&plan);
                for (size_t nth = 1; !done; nth++) {
                        struct layout l;
                        struct graph graph;
                        struct groups groups;
                        struct error e = { 0 };

                        build(&l, &plan, false);
                        mem_fail_after(nth);
                        if (!graph_analyse(&graph, heap_snapshot(&l.heap), &e)) {
                                if (!groups_build(&groups, &graph, NULL, &e)) {
                                        done = true;
                                        groups_release(&groups);
                                }
                                graph_release(&graph);
                        }
                        mem_fail_after(0);
                        ck_assert_int_eq(e.code, done ? ERROR_NONE : ERROR_NO_MEMORY);
                        failures += !done;
                        heap_free(&l.heap);
                }
        }
        ck_assert_uint_gt(failures, 1000);
}
END_TEST

SUITE_MAIN("graph_random", every_block_is_what_the_definitions_say, the_order_of_addresses_changes_nothing,
           every_failing_allocation_is_survived)
