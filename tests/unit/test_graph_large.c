#include "suite.h"

#include "report/graph/group.h"
#include "report/mem.h"

#include <stdlib.h>
#include <string.h>

/*
 * Heaps large enough for what the graph does only with large ones: several
 * threads, marks in the order of memory, a great component.  What it says is
 * compared with the definitions, computed in the plainest way that is not
 * quadratic.
 */

enum { SIZE = 64, STRIDE = 80, WORDS = SIZE / 8, ROOT_WORDS = 64, COUNT = 100000 };

#define HEAP_START 0x555500000000ull
#define ROOT_START 0x7fff00000000ull

static uint64_t seed;

static uint64_t random_below(uint64_t limit)
{
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        return (seed >> 11) % limit;
}

/* The heap */

struct large {
        uint64_t *words; /* of the heap, STRIDE / 8 for each block */
        uint64_t roots[ROOT_WORDS];
        struct block *blocks;
        struct root root;
        struct snapshot snapshot;
};

static size_t large_read(void *context, uint64_t address, void *buffer, size_t size)
{
        const struct large *l = context;
        const void *from = (const char *)l->words + (address - HEAP_START);
        uint64_t room = HEAP_START + (uint64_t)COUNT * STRIDE - address;

        if (address - ROOT_START < sizeof l->roots) {
                from = (const char *)l->roots + (address - ROOT_START);
                room = sizeof l->roots - (address - ROOT_START);
        } else if (address - HEAP_START >= (uint64_t)COUNT * STRIDE) {
                return 0;
        }
        if (size > room)
                size = room;
        memcpy(buffer, from, size);
        return size;
}

static void link_words(struct large *l, uint64_t from, unsigned word, uint64_t to, uint64_t delta)
{
        l->words[from * (STRIDE / 8) + word] = HEAP_START + to * STRIDE + delta;
}

static void large_init(struct large *l, bool parallel)
{
        *l = (struct large){ .words = calloc(COUNT, STRIDE), .blocks = calloc(COUNT, sizeof *l->blocks) };
        ck_assert(l->words && l->blocks);
        for (uint64_t i = 0; i < COUNT; i++)
                l->blocks[i] = (struct block){
                        .address = HEAP_START + i * STRIDE, .size = SIZE, .time_ns = i, .stack = 1 + (uint32_t)(i % 100)
                };
        l->root = (struct root){ .kind = ROOT_GLOBAL, .start = ROOT_START, .end = ROOT_START + sizeof l->roots };
        l->snapshot = (struct snapshot){ .blocks = l->blocks,
                                         .block_count = COUNT,
                                         .roots = &l->root,
                                         .root_count = 1,
                                         .memory = { .read = large_read, .context = l, .parallel = parallel } };
}

static void large_free(struct large *l)
{
        free(l->words);
        free(l->blocks);
}

/* So many pointers in a hundred blocks; every twentieth may be interior. */
static void tangle(struct large *l, unsigned per_hundred)
{
        for (uint64_t i = 0; i < (uint64_t)COUNT * per_hundred / 100; i++)
                link_words(l, random_below(COUNT), (unsigned)random_below(WORDS), random_below(COUNT),
                           random_below(20) ? 0 : 8 * random_below(7));
}

static void chain(struct large *l, bool closed)
{
        uint64_t *order = calloc(COUNT, sizeof *order);

        ck_assert_ptr_nonnull(order);
        for (uint64_t i = 0; i < COUNT; i++)
                order[i] = i;
        for (uint64_t i = COUNT - 1; i > 0; i--) {
                uint64_t j = random_below(i + 1), swap = order[i];

                order[i] = order[j];
                order[j] = swap;
        }
        for (uint64_t i = 0; i + !closed < COUNT; i++)
                link_words(l, order[i], 0, order[(i + 1) % COUNT], 0);
        free(order);
}

static void hold(struct large *l, unsigned count)
{
        for (unsigned i = 0; i < count; i++)
                l->roots[i] = HEAP_START + random_below(COUNT) * STRIDE + (random_below(3) ? 0 : 8);
}

/* The definitions */

struct plain {
        uint8_t confidence[COUNT];
        uint32_t component[COUNT];     /* of lost blocks: its first member in some order, + 1 */
        uint32_t owner[COUNT];         /* lost: a source's component, or UINT32_MAX */
        bool has_before[COUNT];        /* components: something lost outside points at it */
        uint64_t exclusive[COUNT];     /* blocks, by component */
        uint32_t rows[COUNT + 1], *to; /* edges turned round */
        uint32_t stack[COUNT], order[COUNT];
        uint64_t cursor[COUNT];
        uint64_t lost, sources, components, shared;
};

static bool counts(const struct plain *p, edge_t edge)
{
        return edge_strength(edge) >= STRENGTH_INTERIOR && !p->confidence[edge_target(edge)];
}

static void find_confidence(struct plain *p, const struct graph *g)
{
        bool more = true;

        for (uint64_t i = 0; i < g->scan.root_count; i++) {
                const struct root_edge *edge = &g->scan.roots[i];

                if (p->confidence[edge->to] < edge->strength)
                        p->confidence[edge->to] = edge->strength;
        }
        for (uint64_t top = 0; more; top = 0) {
                more = false;
                for (uint32_t start = 0; start < COUNT; start++) {
                        if (!p->confidence[start])
                                continue;
                        p->stack[top++] = start;
                        while (top) {
                                uint64_t count, from = p->stack[--top];
                                const edge_t *edges = scan_edges(&g->scan, from, &count);

                                for (uint64_t i = 0; i < count; i++) {
                                        uint8_t strength = (uint8_t)edge_strength(edges[i]);
                                        uint64_t to = edge_target(edges[i]);

                                        if (strength > p->confidence[from])
                                                strength = p->confidence[from];
                                        if (p->confidence[to] >= strength)
                                                continue;
                                        p->confidence[to] = strength;
                                        more = true;
                                        if (top < COUNT)
                                                p->stack[top++] = (uint32_t)to;
                                }
                        }
                }
        }
}

/* S. R. Kosaraju's way: the order in which blocks are left, then what reaches
 * each, the last left first. */
static void find_order(struct plain *p, const struct graph *g)
{
        uint8_t *met = calloc(COUNT, 1);
        uint64_t left = 0;

        ck_assert_ptr_nonnull(met);
        for (uint32_t start = 0; start < COUNT; start++) {
                uint64_t top = 0;

                if (p->confidence[start] || met[start])
                        continue;
                met[start] = 1;
                p->stack[top++] = start;
                while (top) {
                        uint32_t from = p->stack[top - 1];
                        uint64_t count;
                        const edge_t *edges = scan_edges(&g->scan, from, &count);

                        while (p->cursor[from] < count &&
                               (!counts(p, edges[p->cursor[from]]) || met[edge_target(edges[p->cursor[from]])]))
                                p->cursor[from]++;
                        if (p->cursor[from] == count) {
                                p->order[left++] = from;
                                top--;
                        } else {
                                uint64_t to = edge_target(edges[p->cursor[from]]);

                                met[to] = 1;
                                p->stack[top++] = (uint32_t)to;
                        }
                }
        }
        p->lost = left;
        free(met);
}

static void turn_edges(struct plain *p, const struct graph *g)
{
        uint64_t count;

        p->to = calloc(g->scan.edge_count + 1, sizeof *p->to);
        ck_assert_ptr_nonnull(p->to);
        for (int round = 0; round < 2; round++) {
                for (uint32_t from = COUNT; from-- > 0;) {
                        const edge_t *edges = scan_edges(&g->scan, from, &count);

                        for (uint64_t i = 0; !p->confidence[from] && i < count; i++) {
                                if (!counts(p, edges[i]))
                                        continue;
                                if (round)
                                        p->to[--p->rows[edge_target(edges[i])]] = from;
                                else
                                        p->rows[edge_target(edges[i])]++;
                        }
                }
                for (uint32_t i = 0; !round && i < COUNT; i++)
                        p->rows[i + 1] += p->rows[i];
        }
}

static void find_components(struct plain *p)
{
        for (uint64_t left = p->lost; left-- > 0;) {
                uint64_t top = 0;

                if (p->component[p->order[left]])
                        continue;
                p->components++;
                p->component[p->order[left]] = p->order[left] + 1;
                p->stack[top++] = p->order[left];
                while (top) {
                        uint32_t at = p->stack[--top];

                        for (uint32_t i = p->rows[at]; i < p->rows[at + 1]; i++) {
                                if (p->component[p->to[i]])
                                        continue;
                                p->component[p->to[i]] = p->order[left] + 1;
                                p->stack[top++] = p->to[i];
                        }
                }
        }
}

/* What each source reaches; what a second one reaches too is shared. */
static void find_owners(struct plain *p, const struct graph *g)
{
        for (uint32_t at = 0; at < COUNT; at++) {
                for (uint32_t i = p->rows[at]; i < p->rows[at + 1]; i++) {
                        if (p->component[p->to[i]] != p->component[at])
                                p->has_before[p->component[at] - 1] = true;
                }
        }
        for (uint64_t left = p->lost; left-- > 0;) {
                uint32_t head = p->order[left];
                uint64_t top = 0;

                if (p->component[head] != head + 1 || p->has_before[head])
                        continue;
                p->sources++;
                p->owner[head] = head + 1;
                p->stack[top++] = head;
                while (top) {
                        uint64_t count, from = p->stack[--top];
                        const edge_t *edges = scan_edges(&g->scan, from, &count);
                        uint32_t owner = p->owner[from];

                        for (uint64_t i = 0; i < count; i++) {
                                uint64_t to = edge_target(edges[i]);

                                if (!counts(p, edges[i]) || p->owner[to] == owner || p->owner[to] == UINT32_MAX)
                                        continue;
                                p->owner[to] = p->owner[to] ? UINT32_MAX : owner;
                                p->stack[top++] = (uint32_t)to;
                        }
                }
        }
        for (uint32_t i = 0; i < COUNT; i++) {
                if (p->confidence[i])
                        continue;
                if (p->owner[i] == UINT32_MAX)
                        p->shared++;
                else
                        p->exclusive[p->owner[i] - 1]++;
        }
}

/* Comparing */

static void compare_block(const struct plain *p, const struct graph *g, uint32_t id, uint32_t *first)
{
        uint64_t component, source;

        ck_assert_int_eq(graph_confidence(g, id), p->confidence[id]);
        if (p->confidence[id])
                return;
        component = components_of(&g->components, id);
        if (!first[component])
                first[component] = p->component[id];
        ck_assert_uint_eq(first[component], p->component[id]);
        source = ids_get(&g->owners.of, component);
        if (p->owner[id] == UINT32_MAX) {
                ck_assert_uint_eq(source, OWNER_SHARED);
                return;
        }
        ck_assert_uint_eq(components_of(&g->components, p->owner[id] - 1), g->owners.sources[source].component);
        ck_assert_uint_eq(g->owners.sources[source].exclusive_blocks, p->exclusive[p->owner[id] - 1]);
        ck_assert_uint_eq(g->owners.sources[source].exclusive_bytes, p->exclusive[p->owner[id] - 1] * SIZE);
}

/* An edge never leads to a lower component. */
static void check_order(const struct graph *g)
{
        for (uint64_t id = 0; id < COUNT; id++) {
                uint64_t count;
                const edge_t *edges = scan_edges(&g->scan, id, &count);

                for (uint64_t i = 0; !g->confidence.of[id] && i < count; i++) {
                        if (components_edge(&g->components, edges[i]))
                                ck_assert_uint_ge(components_of(&g->components, edge_target(edges[i])),
                                                  components_of(&g->components, id));
                }
        }
}

static void check_edges(const struct graph *g, const struct large *l)
{
        for (uint64_t id = 0; id < COUNT; id += 1 + random_below(50)) {
                uint64_t count, found = 0;
                const edge_t *edges = scan_edges(&g->scan, id, &count);

                for (unsigned word = 0; word < WORDS; word++)
                        found += l->words[id * (STRIDE / 8) + word] != 0;
                for (uint64_t i = 0; i < count; i++) {
                        uint64_t word = l->words[id * (STRIDE / 8) + edge_word(edges[i])];

                        ck_assert_uint_eq((word - HEAP_START) / STRIDE, edge_target(edges[i]));
                        found -= edge_count(edges[i]);
                }
                ck_assert_uint_eq(found, 0);
        }
}

static void check(struct large *l)
{
        struct plain *p = calloc(1, sizeof *p);
        uint32_t *first = calloc(COUNT, sizeof *first);
        struct error e = { 0 };
        struct graph g;
        struct groups groups;
        uint64_t sum;

        ck_assert(p && first);
        ck_assert_int_eq(graph_analyse(&g, &l->snapshot, &e), 0);
        check_edges(&g, l);
        find_confidence(p, &g);
        find_order(p, &g);
        turn_edges(p, &g);
        find_components(p);
        find_owners(p, &g);
        for (uint32_t id = 0; id < COUNT; id++)
                compare_block(p, &g, id, first);
        check_order(&g);
        ck_assert_uint_eq(g.lost_blocks, p->lost);
        ck_assert_uint_eq(g.components.count, p->components);
        ck_assert_uint_eq(g.owners.source_count, p->sources);
        ck_assert_uint_eq(g.owners.shared_blocks, p->shared);
        ck_assert_int_eq(groups_build(&groups, &g, NULL, &e), 0);
        sum = groups.shared_bytes;
        for (size_t i = 0; i < groups.count; i++)
                sum += groups.list[i].exclusive_bytes;
        ck_assert_uint_eq(sum, p->lost * SIZE);
        groups_release(&groups);
        graph_release(&g);
        free(p->to);
        free(p);
        free(first);
}

static const struct shape {
        unsigned per_hundred, held;
        bool parallel;
} shapes[] = {
        { 90, 8, true },  { 130, 0, true },  { 150, 40, false }, { 200, 0, true },
        { 200, 2, true }, { 400, 0, false }, { 400, 0, true },   { 400, 30, true },
};

START_TEST(random_heaps)
{
        for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
                struct large l;

                seed = 88172645463325252ull + i;
                large_init(&l, shapes[i].parallel);
                tangle(&l, shapes[i].per_hundred);
                hold(&l, shapes[i].held);
                check(&l);
                large_free(&l);
        }
}
END_TEST

START_TEST(lists_and_rings)
{
        for (int i = 0; i < 4; i++) {
                struct large l;

                seed = 521288629;
                large_init(&l, true);
                chain(&l, i & 1);
                hold(&l, i & 2 ? 1 : 0);
                check(&l);
                large_free(&l);
        }
}
END_TEST

/* Every other block is held by a pointer somewhere in the one before it, at an
 * address that is not aligned. */
START_TEST(packed_pointers_are_found_all_over)
{
        const struct confidence *c;
        struct large l;
        struct graph g;
        struct error e;

        large_init(&l, true);
        l.roots[0] = HEAP_START;
        for (uint64_t i = 0; i < COUNT; i += 2) {
                uint64_t held = HEAP_START + (i + 1) * STRIDE, offset = 9 + 8 * (i / 2 % 6) + i / 2 % 7;

                if (i + 2 < COUNT)
                        link_words(&l, i, 0, i + 2, 0);
                memcpy((char *)l.words + i * STRIDE + offset, &held, sizeof held);
        }
        ck_assert_int_eq(graph_analyse(&g, &l.snapshot, &e), 0);
        c = &g.confidence;
        ck_assert_uint_eq(c->lost, 0);
        ck_assert_uint_eq(c->unaligned_count, COUNT / 2);
        for (uint64_t i = 0; i < COUNT / 2; i++) {
                ck_assert_uint_eq(c->unaligned[i].from, 2 * i);
                ck_assert_uint_eq(c->unaligned[i].to, 2 * i + 1);
                ck_assert_uint_eq(c->unaligned[i].offset, 9 + 8 * (i % 6) + i % 7);
                ck_assert_int_eq(graph_kind(&g, 2 * i), KIND_REACHABLE);
                ck_assert_int_eq(graph_kind(&g, 2 * i + 1), KIND_POSSIBLE);
        }
        graph_release(&g);
        large_free(&l);
}
END_TEST

/* Among the allocations are those of the threads and of the great component. */
START_TEST(failing_allocations_are_survived)
{
        unsigned failed = 0;
        struct large l;

        seed = 362436069;
        large_init(&l, true);
        tangle(&l, 300);
        for (size_t nth = 1; nth < 400; nth += 1 + nth / 3) {
                struct error e = { 0 };
                struct groups groups;
                struct graph g;
                int status;

                mem_fail_after(nth);
                status = graph_analyse(&g, &l.snapshot, &e);
                if (!status) {
                        status = groups_build(&groups, &g, NULL, &e);
                        if (!status)
                                groups_release(&groups);
                        graph_release(&g);
                }
                mem_fail_after(0);
                failed += status != 0;
                if (status)
                        ck_assert_int_eq(e.code, ERROR_NO_MEMORY);
        }
        ck_assert_uint_ge(failed, 5);
        large_free(&l);
}
END_TEST

SUITE_MAIN("graph_large", random_heaps, lists_and_rings, packed_pointers_are_found_all_over,
           failing_allocations_are_survived)
