#include "suite.h"

#include "report/graph/dominators.h"

#include <string.h>

/* Random graphs against the definition: a dominates b when b cannot be
 * reached without a. */

enum { VERTICES = 24, DEGREE = 4 };

struct graph_of_test {
        uint64_t count;
        uint64_t to[VERTICES][DEGREE];
        uint64_t degree[VERTICES];
};

static uint64_t seed;

static uint64_t random_below(uint64_t limit)
{
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        return (seed >> 11) % limit;
}

static uint64_t next_of(void *context, uint64_t vertex, uint64_t *cursor)
{
        const struct graph_of_test *g = context;

        return *cursor < g->degree[vertex] ? g->to[vertex][(*cursor)++] : ID_NONE;
}

static void make(struct graph_of_test *g)
{
        uint64_t most = 1 + random_below(DEGREE);

        g->count = 1 + random_below(VERTICES);
        for (uint64_t i = 0; i < g->count; i++) {
                g->degree[i] = random_below(most + 1);
                for (uint64_t j = 0; j < g->degree[i]; j++)
                        g->to[i][j] = random_below(g->count);
        }
}

/* What vertex 0 reaches without passing `without`. */
static void reach(const struct graph_of_test *g, uint64_t without, bool *reached)
{
        memset(reached, 0, VERTICES * sizeof *reached);
        reached[0] = without != 0;
        for (uint64_t round = 0; round < g->count; round++) {
                for (uint64_t i = 0; i < g->count; i++) {
                        for (uint64_t j = 0; reached[i] && j < g->degree[i]; j++)
                                reached[g->to[i][j]] |= g->to[i][j] != without;
                }
        }
}

static void check(const struct graph_of_test *g)
{
        bool all[VERTICES], without[VERTICES][VERTICES];
        struct dominators d;
        struct error e;
        uint64_t sums[VERTICES], reached = 0;

        reach(g, VERTICES, all);
        for (uint64_t i = 0; i < g->count; i++) {
                reach(g, i, without[i]);
                sums[i] = 1;
                reached += all[i];
        }
        ck_assert_int_eq(dominators_run(&d, g->count, 0, next_of, (void *)(uintptr_t)g, &e), 0);
        ck_assert_uint_eq(d.reached, reached);
        dominators_sum(&d, sums);
        for (uint64_t i = 0; i < g->count; i++) {
                uint64_t idom = ids_get(&d.idom, i), dominated = 0;

                if (!all[i] || i == 0) {
                        ck_assert_uint_eq(idom, ID_NONE);
                        continue;
                }
                ck_assert_uint_lt(idom, g->count);
                /* It dominates, and so does every other dominator of i dominate it. */
                ck_assert(idom != i && !without[idom][i]);
                for (uint64_t a = 0; a < g->count; a++) {
                        if (a != i && !without[a][i])
                                ck_assert(a == idom || !without[a][idom]);
                        dominated += all[a] && !without[i][a];
                }
                ck_assert_uint_eq(sums[i], dominated);
        }
        dominators_free(&d);
}

START_TEST(dominators_are_as_defined)
{
        struct graph_of_test g;

        for (uint64_t i = 1; i <= 20000; i++) {
                seed = i * 0x9e3779b97f4a7c15ull;
                make(&g);
                check(&g);
        }
}
END_TEST

START_TEST(failing_allocations_are_survived)
{
        struct graph_of_test g;
        struct dominators d;
        struct error e;
        size_t nth = 0;

        seed = 4711;
        make(&g);
        do {
                mem_fail_after(++nth);
                e.code = ERROR_NONE;
        } while (dominators_run(&d, g.count, 0, next_of, &g, &e) && e.code == ERROR_NO_MEMORY);
        mem_fail_after(0);
        ck_assert_int_eq(e.code, ERROR_NONE);
        ck_assert_uint_gt(nth, 8);
        dominators_free(&d);
}
END_TEST

/* A chain of ten million: no recursion, no quadratic walk. */

enum { CHAIN = 10000000 };

static uint64_t next_in_chain(void *context, uint64_t vertex, uint64_t *cursor)
{
        (void)context;
        return (*cursor)++ || vertex + 1 == CHAIN ? ID_NONE : vertex + 1;
}

START_TEST(depth_costs_memory_only)
{
        struct dominators d;
        struct error e;

        ck_assert_int_eq(dominators_run(&d, CHAIN, 0, next_in_chain, NULL, &e), 0);
        ck_assert_uint_eq(d.reached, CHAIN);
        ck_assert_uint_eq(ids_get(&d.idom, CHAIN - 1), CHAIN - 2);
        dominators_free(&d);
}
END_TEST

SUITE_MAIN("dominators", dominators_are_as_defined, failing_allocations_are_survived, depth_costs_memory_only)
