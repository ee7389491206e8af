#include "together.h"

#include "breaks.h"

#include <stdlib.h>

/* The edges that go */

static void recount(struct tangle *t)
{
        memset(t->of_field, 0, t->alike->count * sizeof *t->of_field);
        for (uint32_t e = 0; e < t->d->edge_count; e++)
                t->of_field[t->alike->of[e]] += cuts_is_gone(t->gone, e);
        t->fields = t->edges = 0;
        for (uint32_t i = 0; i < t->alike->count; i++) {
                t->fields += t->of_field[i] > 0;
                t->edges += t->of_field[i];
        }
}

/* What goes by half goes as a whole. */
static void round_up(struct tangle *t)
{
        for (uint32_t e = 0; e < t->d->edge_count; e++) {
                uint32_t field = t->alike->of[e];

                if (2 * t->of_field[field] >= t->alike->size[field])
                        t->gone[e / 64] |= 1ull << e % 64;
        }
        recount(t);
}

/* Puts back the edges of a field, or takes them away again. */
static void turn(struct tangle *t, uint32_t field, const uint64_t *gone, bool back)
{
        for (uint32_t e = 0; e < t->d->edge_count; e++) {
                if (t->alike->of[e] != field || !cuts_is_gone(gone, e))
                        continue;
                if (back)
                        t->gone[e / 64] &= ~(1ull << e % 64);
                else
                        t->gone[e / 64] |= 1ull << e % 64;
        }
}

static bool is_less(const struct tangle *t, uint32_t a, uint32_t b)
{
        return t->of_field[a] != t->of_field[b] ? t->of_field[a] < t->of_field[b]
                                                : t->alike->rank[a] < t->alike->rank[b];
}

/* The field with the fewest edges that go among those not asked about. */
static uint32_t least_field(const struct tangle *t, const uint8_t *asked)
{
        uint32_t least = CUT_NONE;

        for (uint32_t i = 0; i < t->alike->count; i++) {
                if (t->of_field[i] && !asked[i] && (least == CUT_NONE || is_less(t, i, least)))
                        least = i;
        }
        return least;
}

/* Puts back what is not needed. */
static int thin_out(struct tangle *t, uint8_t *asked, uint64_t *before, struct cycle *around)
{
        uint64_t work = 0;
        uint32_t field;

        for (unsigned round = 0;
             (round < BREAK_ROUNDS || work <= BREAK_WORK) && (field = least_field(t, asked)) != CUT_NONE; round++) {
                asked[field] = 1;
                work += t->d->edge_count + t->alike->count;
                memcpy(before, t->gone, (t->d->edge_count / 64 + 1) * sizeof *before);
                turn(t, field, before, true);
                if (cuts_find_cycle(t->d, t->gone, around))
                        return -1;
                if (around->length)
                        turn(t, field, before, false);
        }
        recount(t);
        return 0;
}

static int thin(struct tangle *t)
{
        uint8_t *asked = mem_alloc(t->alike->count, sizeof *asked);
        uint64_t *before = mem_alloc(t->d->edge_count / 64 + 1, sizeof *before);
        struct cycle around = { .vertices = mem_alloc(t->d->count, sizeof *around.vertices),
                                .edges = mem_alloc(t->d->count, sizeof *around.edges) };
        int status = asked && before && around.vertices && around.edges ? thin_out(t, asked, before, &around) : -1;

        mem_free(asked);
        mem_free(before);
        mem_free(around.vertices);
        mem_free(around.edges);
        return status;
}

int tangle_cut(struct tangle *t, const struct digraph *d, const struct alike *alike, const uint64_t *back)
{
        *t = (struct tangle){ .d = d,
                              .alike = alike,
                              .gone = mem_alloc(d->edge_count / 64 + 1, sizeof *t->gone),
                              .of_field = mem_alloc(alike->count, sizeof *t->of_field) };
        if (!t->gone || !t->of_field)
                return -1;
        memcpy(t->gone, back, (d->edge_count / 64 + 1) * sizeof *back);
        recount(t);
        round_up(t);
        return t->fields > 1 ? thin(t) : 0;
}

void tangle_free(struct tangle *t)
{
        mem_free(t->gone);
        mem_free(t->of_field);
        *t = (struct tangle){ 0 };
}

/* Telling */

/* The edge of a field that is told of it: of the block that comes first. */
struct teller {
        uint32_t field, vertex, edge;
        uint64_t edges;
};

struct telling {
        const struct inner *inner;
        const struct tangle *t;
        struct teller *list;
        uint32_t *place; /* of each field in `list` */
};

static int compare(const void *left, const void *right, void *context)
{
        const struct teller *a = left, *b = right;
        const struct inner *inner = context;

        if (a->edges != b->edges)
                return a->edges > b->edges ? -1 : 1;
        if (a->vertex == b->vertex)
                return a->edge < b->edge ? -1 : a->edge > b->edge;
        return inner_before(inner, a->vertex, b->vertex) ? -1 : 1;
}

static void choose_edges(struct telling *telling)
{
        const struct tangle *t = telling->t;
        const struct digraph *d = t->d;
        uint64_t count = 0;

        for (uint32_t i = 0; i < t->alike->count; i++) {
                if (!t->of_field[i])
                        continue;
                telling->place[i] = (uint32_t)count;
                telling->list[count++] = (struct teller){ .field = i, .edge = CUT_NONE, .edges = t->of_field[i] };
        }
        for (uint32_t v = 0; v < d->count; v++) {
                for (uint32_t e = d->row[v]; e < d->row[v + 1]; e++) {
                        struct teller *teller = &telling->list[telling->place[t->alike->of[e]]];

                        if (!cuts_is_gone(t->gone, e) ||
                            (teller->edge != CUT_NONE && !inner_before(telling->inner, v, teller->vertex)))
                                continue;
                        teller->vertex = v;
                        teller->edge = e;
                }
        }
        qsort_r(telling->list, count, sizeof *telling->list, compare, (void *)telling->inner);
}

static int tell(struct telling *telling, struct group_cycle *told, struct group_arena **arena)
{
        const struct tangle *t = telling->t;
        size_t count = t->fields < BREAKS_TOLD_TOGETHER ? t->fields : BREAKS_TOLD_TOGETHER;

        told->break_at = arena_alloc(arena, count, sizeof *told->break_at);
        if (!told->break_at)
                return -1;
        choose_edges(telling);
        for (size_t i = 0; i < count; i++) {
                const struct teller *teller = &telling->list[i];

                told->break_at[i] = inner_step(telling->inner, teller->vertex, teller->edge);
                told->break_at[i].how = BREAK_TOGETHER;
                told->break_at[i].alike = teller->edges;
                told->break_at[i].alike_total = t->alike->size[teller->field];
        }
        told->break_at_count = count;
        told->break_at_total = t->fields;
        return 0;
}

static int tell_best(const struct inner *inner, const struct tangle *t, struct group_cycle *told,
                     struct group_arena **arena)
{
        struct telling telling = { .inner = inner, .t = t };
        int status = -1;

        telling.list = mem_alloc(t->fields, sizeof *telling.list);
        telling.place = mem_alloc(t->alike->count, sizeof *telling.place);
        if (telling.list && telling.place)
                status = tell(&telling, told, arena);
        mem_free(telling.list);
        mem_free(telling.place);
        return status;
}

/* Where to start */

static uint32_t oldest(const struct inner *inner)
{
        uint32_t best = 0;

        for (uint32_t v = 1; v < inner->d.count; v++) {
                if (inner_before(inner, v, best))
                        best = v;
        }
        return best;
}

static uint32_t widest(const struct inner *inner)
{
        const struct digraph *d = &inner->d;
        uint32_t best = 0;

        for (uint32_t v = 1; v < d->count; v++) {
                uint32_t edges = d->row[v + 1] - d->row[v], most = d->row[best + 1] - d->row[best];

                if (edges > most || (edges == most && inner_before(inner, v, best)))
                        best = v;
        }
        return best;
}

static bool is_better(const struct tangle *a, const struct tangle *b)
{
        return a->fields != b->fields ? a->fields < b->fields : a->edges < b->edges;
}

/* Searches from `start`; keeps what is better than the best. */
static int try_start(const struct inner *inner, uint32_t start, const struct alike *const *fields, struct tangle *best)
{
        uint64_t *back = mem_alloc(inner->d.edge_count / 64 + 1, sizeof *back);
        int status = back ? cuts_back_edges(&inner->d, start, back) : -1;

        for (unsigned i = 0; i < 2 && !status; i++) {
                struct tangle t;

                status = tangle_cut(&t, &inner->d, fields[i], back);
                if (status || (best->gone && !is_better(&t, best))) {
                        tangle_free(&t);
                        continue;
                }
                tangle_free(best);
                *best = t;
        }
        mem_free(back);
        return status;
}

int together_find(const struct inner *inner, const struct alike *by_site, const struct alike *by_size,
                  struct group_cycle *told, struct group_arena **arena)
{
        const struct alike *fields[] = { by_site, by_size };
        struct tangle best = { 0 };
        int status = try_start(inner, oldest(inner), fields, &best);

        if (!status)
                status = try_start(inner, widest(inner), fields, &best);
        if (!status)
                status = tell_best(inner, &best, told, arena);
        tangle_free(&best);
        return status;
}
