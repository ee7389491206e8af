#include "cuts.h"

#include "../mem.h"

/* Steps that end everything */

/* Places on the cycle are counted from 1, so that 0 is none.  A step's edge
 * leads from its vertex, place i + 1, to a point of its own from which its twin
 * leaves too: the twin, as it goes with the step, is no way round it. */
struct places {
        const struct digraph *d;
        const struct cycle *cycle;
        uint32_t *of;           /* of each vertex its place, 0 = not on the cycle */
        uint32_t *degree;       /* edges into the vertex that are neither steps nor twins */
        uint32_t *order;        /* topological */
        uint32_t *most, *least; /* the places that the vertex reaches, its own too; 0 = none */
        uint64_t *latest;   /* 2 * the last place that reaches the vertex, its own too; + 1 from a step's own point */
        uint32_t *way;      /* ways round that begin less those that end, by step */
        uint32_t low, high; /* steps that ways across the end leave: [low, high) */
};

static bool is_step(const struct places *p, uint32_t vertex, uint32_t edge)
{
        uint32_t place = p->of[vertex];

        return place && (p->cycle->edges[place - 1] == edge || p->cycle->twins[place - 1] == edge);
}

static uint32_t twin_target(const struct places *p, uint32_t step)
{
        uint32_t twin = p->cycle->twins[step];

        return twin == CUT_NONE ? CUT_NONE : p->d->to[twin];
}

static int places_init(struct places *p)
{
        uint64_t n = p->d->count;

        p->of = mem_alloc(n, sizeof *p->of);
        p->degree = mem_alloc(n, sizeof *p->degree);
        p->order = mem_alloc(n, sizeof *p->order);
        p->most = mem_alloc(n, sizeof *p->most);
        p->least = mem_alloc(n, sizeof *p->least);
        p->latest = mem_alloc(n, sizeof *p->latest);
        p->way = mem_alloc((uint64_t)p->cycle->length + 1, sizeof *p->way);
        if (!p->of || !p->degree || !p->order || !p->most || !p->least || !p->latest || !p->way)
                return -1;
        for (uint32_t i = 0; i < p->cycle->length; i++)
                p->of[p->cycle->vertices[i]] = i + 1;
        p->high = p->cycle->length;
        return 0;
}

static void places_free(struct places *p)
{
        mem_free(p->of);
        mem_free(p->degree);
        mem_free(p->order);
        mem_free(p->most);
        mem_free(p->least);
        mem_free(p->latest);
        mem_free(p->way);
}

static void lift(uint64_t *latest, uint64_t to)
{
        if (to > *latest)
                *latest = to;
}

/* Orders the rest (A. Kahn, 1962); false when it has a cycle.  On the way each
 * vertex learns the last place that reaches it. */
static bool order_rest(struct places *p)
{
        const struct digraph *d = p->d;
        uint32_t head = 0, tail = 0;

        for (uint32_t v = 0; v < d->count; v++) {
                p->latest[v] = 2 * (uint64_t)p->of[v];
                for (uint32_t e = d->row[v]; e < d->row[v + 1]; e++)
                        p->degree[d->to[e]] += !is_step(p, v, e);
        }
        for (uint32_t i = 0; i < p->cycle->length; i++) {
                if (twin_target(p, i) != CUT_NONE)
                        lift(&p->latest[twin_target(p, i)], 2 * ((uint64_t)i + 1) + 1);
        }
        for (uint32_t v = 0; v < d->count; v++) {
                if (!p->degree[v])
                        p->order[tail++] = v;
        }
        while (head < tail) {
                uint32_t v = p->order[head++];

                for (uint32_t e = d->row[v]; e < d->row[v + 1]; e++) {
                        if (is_step(p, v, e))
                                continue;
                        lift(&p->latest[d->to[e]], p->latest[v]);
                        if (!--p->degree[d->to[e]])
                                p->order[tail++] = d->to[e];
                }
        }
        return tail == d->count;
}

static void find_reach(struct places *p)
{
        const struct digraph *d = p->d;

        for (uint32_t i = d->count; i-- > 0;) {
                uint32_t v = p->order[i], most = p->of[v], least = p->of[v];

                for (uint32_t e = d->row[v]; e < d->row[v + 1]; e++) {
                        uint32_t to = d->to[e];

                        if (is_step(p, v, e) || !p->most[to])
                                continue;
                        most = p->most[to] > most ? p->most[to] : most;
                        least = !least || p->least[to] < least ? p->least[to] : least;
                }
                p->most[v] = most;
                p->least[v] = least;
        }
}

/* A way that leaves the cycle at the start of step `from` and reaches places
 * `least` to `most`; a place is the start of the step before it by number. */
static void pass_by(struct places *p, uint32_t from, uint32_t end, uint32_t least, uint32_t most)
{
        if (most && most - 1 > from) {
                p->way[from]++;
                p->way[most - 1]--;
        }
        if (least && least - 1 < end && end < p->high)
                p->high = end;
}

static void find_ways(struct places *p)
{
        for (uint32_t i = 0; i < p->cycle->length; i++) {
                uint32_t v = p->cycle->vertices[i], twin = twin_target(p, i);

                pass_by(p, i, i, p->least[v], p->most[v]);
                if (twin != CUT_NONE) /* from behind the step: i + 1 on, and back up to i itself */
                        pass_by(p, i + 1, i + 1, p->least[twin], p->most[twin]);
                if (p->latest[v] > 2 * (uint64_t)(i + 1))
                        p->low = i;
        }
}

int cuts_single(const struct digraph *d, const struct cycle *cycle, uint8_t *ends)
{
        struct places p = { .d = d, .cycle = cycle };
        uint32_t ways = 0;

        if (places_init(&p)) {
                places_free(&p);
                return -1;
        }
        if (order_rest(&p)) {
                find_reach(&p);
                find_ways(&p);
        } else {
                p.high = 0;
        }
        for (uint32_t i = 0; i < cycle->length; i++) {
                ways += p.way[i];
                ends[i] = !ways && i >= p.low && i < p.high;
        }
        places_free(&p);
        return 0;
}

/* Searches */

struct search {
        const struct digraph *d;
        uint32_t *next;  /* of each vertex its next edge + 1; 0 = not seen, CUT_NONE = done */
        uint32_t *stack; /* vertices being visited */
        uint32_t depth;
};

static int search_init(struct search *s)
{
        s->next = mem_alloc(s->d->count, sizeof *s->next);
        s->stack = mem_alloc(s->d->count, sizeof *s->stack);
        return s->next && s->stack ? 0 : -1;
}

static void search_free(struct search *s)
{
        mem_free(s->next);
        mem_free(s->stack);
}

/* Fetches what is asked about the targets. */
static void enter(struct search *s, uint32_t v)
{
        uint32_t end = s->d->row[v + 1];

        for (uint32_t e = s->d->row[v]; e < end && e < s->d->row[v] + 8; e++) {
                __builtin_prefetch(&s->next[s->d->to[e]]);
                __builtin_prefetch(&s->d->row[s->d->to[e]]);
        }
        s->next[v] = s->d->row[v] + 1;
        s->stack[s->depth++] = v;
}

/* Goes on until an edge leads back; that edge, or CUT_NONE at the end.  `gone`
 * may be NULL. */
static uint32_t next_back(struct search *s, const uint64_t *gone)
{
        const struct digraph *d = s->d;

        while (s->depth) {
                uint32_t v = s->stack[s->depth - 1], e = s->next[v] - 1, to;

                if (e == d->row[v + 1]) {
                        s->next[v] = CUT_NONE;
                        s->depth--;
                        continue;
                }
                s->next[v]++;
                to = d->to[e];
                if (gone && cuts_is_gone(gone, e))
                        continue;
                if (!s->next[to])
                        enter(s, to);
                else if (s->next[to] != CUT_NONE)
                        return e;
        }
        return CUT_NONE;
}

/* The part of the stack from the target of that edge on. */
static void keep_found(const struct search *s, uint32_t back, struct cycle *found)
{
        uint32_t at = s->depth;

        while (s->stack[at - 1] != s->d->to[back])
                at--;
        found->length = s->depth - (at - 1);
        for (uint32_t i = 0; i < found->length; i++) {
                found->vertices[i] = s->stack[at - 1 + i];
                found->edges[i] = s->next[found->vertices[i]] - 2;
        }
}

int cuts_find_cycle(const struct digraph *d, const uint64_t *gone, struct cycle *found)
{
        struct search s = { .d = d };
        int status = search_init(&s);

        found->length = 0;
        for (uint32_t v = 0; v < d->count && !status && !found->length; v++) {
                uint32_t back;

                if (s.next[v])
                        continue;
                enter(&s, v);
                back = next_back(&s, gone);
                if (back != CUT_NONE)
                        keep_found(&s, back, found);
        }
        search_free(&s);
        return status;
}

int cuts_back_edges(const struct digraph *d, uint32_t start, uint64_t *gone)
{
        struct search s = { .d = d };
        int status = search_init(&s);

        for (uint32_t i = 0; i < d->count && !status; i++) {
                uint32_t v = start + i < d->count && start + i >= start ? start + i : start + i - d->count;

                if (s.next[v])
                        continue;
                enter(&s, v);
                for (uint32_t back; (back = next_back(&s, NULL)) != CUT_NONE;)
                        gone[back / 64] |= 1ull << back % 64;
        }
        search_free(&s);
        return status;
}
