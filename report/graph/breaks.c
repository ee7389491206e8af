#include "breaks.h"

#include "alike.h"
#include "together.h"

struct breaks {
        const struct inner *inner;
        const struct cycle *cycle;
        struct group_cycle *told;
        struct group_arena **arena;
        uint64_t work;
        unsigned rounds;
};

static int make_room(struct breaks *b)
{
        b->told->break_at = arena_alloc(b->arena, 2 * BREAKS_TOLD, sizeof *b->told->break_at);
        return b->told->break_at ? 0 : -1;
}

/* Single edges */

/* May the edge be half of a shared pointer, as far as that is known without
 * reading memory?  The other half is the word before or after it. */
static bool has_neighbour(const struct inner *inner, uint32_t vertex, uint32_t edge)
{
        const struct digraph *d = &inner->d;
        uint64_t word = edge_word(inner_edge(inner, edge));

        return (edge > d->row[vertex] && edge_word(inner_edge(inner, edge - 1)) + 1 == word) ||
               (edge + 1 < d->row[vertex + 1] && edge_word(inner_edge(inner, edge + 1)) == word + 1);
}

static void find_twins(const struct breaks *b)
{
        const struct cycle *c = b->cycle;

        for (uint32_t i = 0; i < c->length; i++) {
                struct group_step step;

                c->twins[i] = CUT_NONE;
                if (!has_neighbour(b->inner, c->vertices[i], c->edges[i]))
                        continue;
                step = inner_step(b->inner, c->vertices[i], c->edges[i]);
                c->twins[i] = inner_twin(b->inner, c->vertices[i], c->edges[i], &step);
        }
}

/* Is the cycle's step one by a shared pointer? */
static bool is_shared(const struct breaks *b, uint32_t step)
{
        return inner_step(b->inner, b->cycle->vertices[step], b->cycle->edges[step]).counted != 0;
}

/* Only one way round: every pointer of it ends it. */
static bool is_ring(const struct breaks *b)
{
        return b->inner->d.edge_count == b->inner->d.count;
}

static int find_single(struct breaks *b)
{
        const struct digraph *d = &b->inner->d;
        const struct cycle *c = b->cycle;
        uint8_t *ends = mem_alloc(c->length, sizeof *ends);
        int status = ends ? 0 : -1;

        find_twins(b);
        if (!status && is_ring(b))
                memset(ends, 1, c->length);
        else if (!status)
                status = cuts_single(d, c, ends);
        for (uint32_t i = 0; i < c->length && !status; i++) {
                struct group_step *step = &b->told->break_at[b->told->break_at_count];

                b->told->break_at_total += ends[i];
                if (!ends[i] || b->told->break_at_count == BREAKS_TOLD)
                        continue;
                *step = inner_step(b->inner, c->vertices[i], c->edges[i]);
                step->how = BREAK_ALL;
                step->alike = step->alike_total = 1 + (c->twins[i] != CUT_NONE);
                b->told->break_at_count++;
        }
        mem_free(ends);
        return status;
}

/* Fields */

enum { FIELD_UNASKED, FIELD_ASKED, FIELD_OPEN, FIELD_BREAKS };

struct question {
        const struct alike *alike;
        uint8_t *state;      /* of each field */
        uint64_t *gone;      /* of each edge */
        struct cycle around; /* a cycle without the field */
};

static int question_init(struct question *q, const struct breaks *b)
{
        const struct digraph *d = &b->inner->d;

        q->state = mem_alloc(q->alike->count, sizeof *q->state);
        q->gone = mem_alloc(d->edge_count / 64 + 1, sizeof *q->gone);
        q->around.vertices = mem_alloc(d->count, sizeof *q->around.vertices);
        q->around.edges = mem_alloc(d->count, sizeof *q->around.edges);
        return q->state && q->gone && q->around.vertices && q->around.edges ? 0 : -1;
}

static void question_free(struct question *q)
{
        mem_free(q->state);
        mem_free(q->gone);
        mem_free(q->around.vertices);
        mem_free(q->around.edges);
}

/* Leaves open only what is on the cycle that was found. */
static void clear_others(struct question *q, const struct cycle *shortest)
{
        const uint32_t *of = q->alike->of;

        for (uint32_t i = 0; i < q->around.length; i++) {
                uint8_t *state = &q->state[of[q->around.edges[i]]];

                if (*state == FIELD_UNASKED)
                        *state = FIELD_OPEN;
        }
        for (uint32_t i = 0; i < shortest->length; i++) {
                uint8_t *state = &q->state[of[shortest->edges[i]]];

                if (*state == FIELD_UNASKED)
                        *state = FIELD_ASKED;
        }
        for (uint32_t i = 0; i < q->around.length; i++) {
                uint8_t *state = &q->state[of[q->around.edges[i]]];

                if (*state == FIELD_OPEN)
                        *state = FIELD_UNASKED;
        }
}

static int ask(struct breaks *b, struct question *q, uint32_t field)
{
        const struct digraph *d = &b->inner->d;

        memset(q->gone, 0, (d->edge_count / 64 + 1) * sizeof *q->gone);
        for (uint32_t e = 0; e < d->edge_count; e++)
                q->gone[e / 64] |= (uint64_t)(q->alike->of[e] == field) << e % 64;
        b->work += d->edge_count;
        b->rounds++;
        if (cuts_find_cycle(d, q->gone, &q->around))
                return -1;
        q->state[field] = q->around.length ? FIELD_ASKED : FIELD_BREAKS;
        if (q->around.length)
                clear_others(q, b->cycle);
        return 0;
}

static void tell_fields(struct breaks *b, const struct question *q)
{
        const struct cycle *c = b->cycle;
        size_t room = b->told->break_at_count + BREAKS_TOLD;

        for (uint32_t i = 0; i < c->length; i++) {
                uint32_t field = q->alike->of[c->edges[i]];
                struct group_step *step = &b->told->break_at[b->told->break_at_count];

                if (q->state[field] != FIELD_BREAKS)
                        continue;
                q->state[field] = FIELD_ASKED;
                b->told->break_at_total++;
                if (b->told->break_at_count == room)
                        continue;
                *step = inner_step(b->inner, c->vertices[i], c->edges[i]);
                step->how = BREAK_ALIKE;
                step->alike = step->alike_total = q->alike->size[field];
                b->told->break_at_count++;
        }
}

/* Every field on the shortest cycle, or every shared pointer there, until it is
 * asked about or cleared. */
static int find_fields(struct breaks *b, const struct alike *alike, bool shared)
{
        struct question q = { .alike = alike };
        const struct cycle *c = b->cycle;
        int status = question_init(&q, b);

        for (uint32_t i = 0; i < c->length && !status; i++) {
                uint32_t field = alike->of[c->edges[i]];

                if (b->rounds >= BREAK_ROUNDS && b->work > BREAK_WORK)
                        break;
                if (q.state[field] == FIELD_UNASKED && (!shared || is_shared(b, i)))
                        status = ask(b, &q, field);
        }
        if (!status)
                tell_fields(b, &q);
        question_free(&q);
        return status;
}

/* Shared pointers */

static bool is_shared_told(const struct group_cycle *told)
{
        for (size_t i = 0; i < told->break_at_count; i++)
                if (told->break_at[i].counted)
                        return true;
        return false;
}

/* Puts what was told from number `first` on in front. */
static void put_first(struct group_cycle *told, size_t first)
{
        struct group_step before[BREAKS_TOLD];
        size_t more = told->break_at_count - first;

        memcpy(before, told->break_at, first * sizeof *before);
        memmove(told->break_at, told->break_at + first, more * sizeof *before);
        memcpy(told->break_at + more, before, first * sizeof *before);
}

/* What alone ends the cycle is known, and no shared pointer is among it. */
static int find_shared(struct breaks *b, struct alike *alike)
{
        size_t first = b->told->break_at_count;
        bool any = false;

        for (uint32_t i = 0; i < b->cycle->length && !any && !is_ring(b); i++)
                any = is_shared(b, i);
        if (!any)
                return 0;
        if (alike_find(alike, b->inner, false) || find_fields(b, alike, true))
                return -1;
        put_first(b->told, first);
        return 0;
}

int breaks_find(const struct inner *inner, const struct cycle *cycle, struct group_cycle *told,
                struct group_arena **arena)
{
        struct breaks b = { .inner = inner, .cycle = cycle, .told = told, .arena = arena };
        struct alike by_site = { 0 }, by_size = { 0 };
        int status = make_room(&b) || find_single(&b);

        if (!status && told->break_at_count && !is_shared_told(told))
                status = find_shared(&b, &by_site);
        if (!status && !told->break_at_count)
                status = alike_find(&by_site, inner, false) || find_fields(&b, &by_site, false);
        if (!status && !told->break_at_count)
                status = alike_find(&by_size, inner, true) || find_fields(&b, &by_size, false);
        if (!status && !told->break_at_count)
                status = together_find(inner, &by_site, &by_size, told, arena);
        alike_free(&by_site);
        alike_free(&by_size);
        return status ? -1 : 0;
}
