/* Cycles and cuts on random small graphs, against trying everything. */
#include "suite.h"

#include "report/graph/together.h"

enum { MOST = 12, MOST_EDGES = MOST * (MOST - 1), GRAPHS = 30000 };

struct sample {
        struct digraph d;
        uint32_t row[MOST + 1], to[MOST_EDGES], from[MOST_EDGES];
};

static uint32_t below(uint32_t limit)
{
        static uint64_t state = 88172645463325252ull;

        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        return (uint32_t)(state >> 20) % limit;
}

/* Of `count` vertices; `ring` puts all on one cycle. */
static void make(struct sample *s, uint32_t count, uint32_t chance, bool ring)
{
        s->d = (struct digraph){ .count = count, .row = s->row, .to = s->to };
        for (uint32_t i = 0; i < count; i++) {
                s->row[i] = s->d.edge_count;
                for (uint32_t j = 0; j < count; j++) {
                        if (i == j || !((ring && j == (i + 1) % count) || below(100) < chance))
                                continue;
                        s->from[s->d.edge_count] = i;
                        s->to[s->d.edge_count++] = j;
                }
        }
        s->row[count] = s->d.edge_count;
}

/* Takes away vertices without edges to them. */
static bool is_acyclic(const struct sample *s, uint64_t gone[static 3])
{
        bool away[MOST] = { false };
        uint32_t left = s->d.count;

        for (bool more = true; more;) {
                more = false;
                for (uint32_t v = 0; v < s->d.count; v++) {
                        bool held = away[v];

                        for (uint32_t e = 0; e < s->d.edge_count; e++)
                                held |= s->to[e] == v && !away[s->from[e]] && !cuts_is_gone(gone, e);
                        if (held)
                                continue;
                        away[v] = more = true;
                        left--;
                }
        }
        return !left;
}

static void check_single(const struct sample *s, struct cycle *cycle)
{
        uint8_t ends[MOST];

        for (uint32_t i = 0; i < cycle->length; i++) {
                uint32_t v = cycle->vertices[i], edges = s->row[v + 1] - s->row[v], twin = s->row[v] + below(edges);

                cycle->twins[i] = below(3) || twin == cycle->edges[i] ? CUT_NONE : twin;
        }
        ck_assert_int_eq(cuts_single(&s->d, cycle, ends), 0);
        for (uint32_t i = 0; i < cycle->length; i++) {
                uint64_t gone[3] = { 0 };

                gone[cycle->edges[i] / 64] |= 1ull << cycle->edges[i] % 64;
                if (cycle->twins[i] != CUT_NONE)
                        gone[cycle->twins[i] / 64] |= 1ull << cycle->twins[i] % 64;
                ck_assert_int_eq(ends[i], is_acyclic(s, gone));
        }
}

static void check_cycle(const struct sample *s, uint64_t gone[static 3], const struct cycle *cycle)
{
        for (uint32_t i = 0; i < cycle->length; i++) {
                ck_assert_uint_eq(s->from[cycle->edges[i]], cycle->vertices[i]);
                ck_assert_uint_eq(s->to[cycle->edges[i]], cycle->vertices[(i + 1) % cycle->length]);
                ck_assert(!cuts_is_gone(gone, cycle->edges[i]));
                for (uint32_t j = 0; j < i; j++)
                        ck_assert_uint_ne(cycle->vertices[i], cycle->vertices[j]);
        }
        ck_assert_int_eq(!cycle->length, is_acyclic(s, gone));
}

START_TEST(steps_that_end_everything_are_those_found_by_trying)
{
        uint32_t vertices[MOST], edges[MOST], twins[MOST], cycles = 0;
        struct cycle cycle = { .vertices = vertices, .edges = edges, .twins = twins };

        for (unsigned i = 0; i < GRAPHS; i++) {
                uint64_t gone[3] = { 0 };
                struct sample s;

                make(&s, 2 + below(MOST - 1), below(i % 3 ? 25 : 70), i % 2);
                for (uint32_t e = 0; e < s.d.edge_count; e++)
                        gone[e / 64] |= (uint64_t)(below(10) == 0) << e % 64;
                ck_assert_int_eq(cuts_find_cycle(&s.d, gone, &cycle), 0);
                check_cycle(&s, gone, &cycle);
                if (cycle.length)
                        check_single(&s, &cycle);
                cycles += cycle.length > 0;
        }
        ck_assert_uint_gt(cycles, GRAPHS / 3);
}
END_TEST

/* None of them is needless. */
static void check_back_edges(const struct sample *s)
{
        uint64_t gone[3] = { 0 };

        ck_assert_int_eq(cuts_back_edges(&s->d, below(s->d.count), gone), 0);
        ck_assert(is_acyclic(s, gone));
        for (uint32_t e = 0; e < s->d.edge_count; e++) {
                if (!cuts_is_gone(gone, e))
                        continue;
                gone[e / 64] ^= 1ull << e % 64;
                ck_assert(!is_acyclic(s, gone));
                gone[e / 64] ^= 1ull << e % 64;
        }
}

/* What goes breaks everything, is counted, and no field of it is needless. */
static void check_tangle(const struct sample *s, const struct alike *alike)
{
        uint64_t counted[MOST_EDGES] = { 0 }, back_edges[3] = { 0 }, fields = 0;
        struct tangle t;

        ck_assert_int_eq(cuts_back_edges(&s->d, below(s->d.count), back_edges), 0);
        ck_assert_int_eq(tangle_cut(&t, &s->d, alike, back_edges), 0);
        ck_assert(is_acyclic(s, t.gone));
        for (uint32_t e = 0; e < s->d.edge_count; e++)
                counted[alike->of[e]] += cuts_is_gone(t.gone, e);
        for (uint32_t i = 0; i < alike->count; i++) {
                uint64_t back[3] = { 0 };

                ck_assert_uint_eq(counted[i], t.of_field[i]);
                fields += counted[i] > 0;
                for (uint32_t e = 0; e < s->d.edge_count; e++)
                        back[e / 64] |= (uint64_t)(cuts_is_gone(t.gone, e) && alike->of[e] != i) << e % 64;
                ck_assert(!counted[i] || !is_acyclic(s, back));
        }
        ck_assert_uint_eq(fields, t.fields);
        tangle_free(&t);
}

START_TEST(what_goes_leaves_no_cycle)
{
        for (unsigned i = 0; i < GRAPHS / 3; i++) {
                uint32_t of[MOST_EDGES], rank[MOST_EDGES];
                uint64_t size[MOST_EDGES] = { 0 };
                struct alike alike = { .of = of, .size = size, .rank = rank, .count = 1 + below(6) };
                struct sample s;

                make(&s, 2 + below(MOST - 1), below(100), i % 2);
                for (uint32_t e = 0; e < s.d.edge_count; e++)
                        size[of[e] = below(alike.count)]++;
                for (uint32_t f = 0; f < alike.count; f++)
                        rank[f] = f;
                check_back_edges(&s);
                check_tangle(&s, &alike);
        }
}
END_TEST

SUITE_MAIN("cuts", steps_that_end_everything_are_those_found_by_trying, what_goes_leaves_no_cycle)
