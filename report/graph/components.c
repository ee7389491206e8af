#include "components.h"

#include "great.h"

/* A vertex being visited: its next edge, how many follow with it, and whether
 * it is no root of its component. */
#define FRAME_EDGE_BITS 40
#define FRAME_LEFT_MOST ((1ull << 23) - 1) /* so many or more: its row knows */
#define FRAME_NOT_ROOT  (1ull << 63)

/* The search's state: vertices being visited grow from the front of `stack`,
 * visited ones without a component from its back; together at most all.  The
 * lowest index that a vertex being visited reaches is in `order`, where its
 * depth says: components fill that from the back, and there is room for both.
 * So on the way back nothing is read but what lies together. */
struct search {
        struct components *c;
        const struct scan *scan;
        struct ids stack;
        uint64_t depth;   /* vertices at the front */
        uint64_t back;    /* first of those at the back */
        uint64_t *frames; /* of each vertex being visited */
        size_t frame_capacity;
        uint64_t index;     /* the next vertex's */
        uint64_t component; /* the next component's; they descend from lost - 1 */
        uint64_t placed;    /* `order` is filled from its end down to here */
};

static int init_lost(struct components *c, const struct confidence *confidence, uint64_t blocks)
{
        uint64_t words = blocks / 64 + 1;

        c->lost_bits = mem_alloc(words, sizeof *c->lost_bits);
        if (!c->lost_bits || ids_init(&c->before, words))
                return -1;
        for (uint64_t id = 0; id < blocks; id++)
                c->lost_bits[id / 64] |= (uint64_t)!confidence->of[id] << id % 64;
        for (uint64_t word = 0; word < words; word++) {
                ids_set(&c->before, word, c->lost);
                c->lost += count_bits(c->lost_bits[word]);
        }
        return 0;
}

/* The search waits for memory at every step; so when a vertex is entered what
 * its neighbours need is fetched at once. */
static FETCHES void fetch_neighbours(const struct search *s, uint64_t at, uint64_t end)
{
        if (end - at > 16)
                end = at + 16;
        for (uint64_t i = at; i < end; i++) {
                uint64_t target = edge_target(s->scan->edges[i]);

                rows_prefetch(&s->scan->rows, target);
                __builtin_prefetch(s->scan->edges + rows_guess(&s->scan->rows, target));
                ids_prefetch(&s->c->of, target);
        }
}

static uint64_t frame_make(uint64_t at, uint64_t left, uint64_t flag)
{
        return at | (left < FRAME_LEFT_MOST ? left : FRAME_LEFT_MOST) << FRAME_EDGE_BITS | flag;
}

static int enter(struct search *s, uint64_t id)
{
        uint64_t at = rows_start(&s->scan->rows, id), end = rows_end(&s->scan->rows, id);

        if (mem_grow(&s->frames, &s->frame_capacity, s->depth + 1, sizeof *s->frames))
                return -1;
        fetch_neighbours(s, at, end);
        s->frames[s->depth] = frame_make(at, end - at, 0);
        ids_set(&s->c->order, s->depth, s->index);
        ids_set(&s->stack, s->depth++, id);
        ids_set(&s->c->of, id, s->index++);
        return 0;
}

static void place(struct search *s, uint64_t id)
{
        ids_set(&s->c->of, id, s->component);
        ids_set(&s->c->order, --s->placed, id);
        s->index--;
}

/* The vertex on top reaches that index. */
static void lower(struct search *s, uint64_t index)
{
        if (index >= ids_get(&s->c->order, s->depth - 1))
                return;
        ids_set(&s->c->order, s->depth - 1, index);
        s->frames[s->depth - 1] |= FRAME_NOT_ROOT;
}

/* All edges of the vertex on top were followed. */
static void leave(struct search *s)
{
        uint64_t id = ids_get(&s->stack, --s->depth), index = ids_get(&s->c->order, s->depth);

        if (s->depth >= COMPONENTS_AHEAD)
                ids_prefetch(&s->c->of, ids_get(&s->stack, s->depth - COMPONENTS_AHEAD));
        if (s->frames[s->depth] & FRAME_NOT_ROOT) { /* so there is one below it, that reaches what this does */
                ids_set(&s->stack, --s->back, id);
                lower(s, index);
                return;
        }
        while (s->back < s->c->lost) {
                uint64_t other = ids_get(&s->stack, s->back);

                if (ids_get(&s->c->of, other) < index)
                        break;
                place(s, other);
                s->back++;
        }
        place(s, id);
        s->component--;
}

/* Follows the edges of the vertex on top up to one to a new vertex, which it
 * returns; ID_NONE when there is none left. */
static uint64_t advance(struct search *s)
{
        uint64_t *frame = &s->frames[s->depth - 1], at = *frame & ID_NONE;
        uint64_t left = *frame >> FRAME_EDGE_BITS & FRAME_LEFT_MOST;

        if (left == FRAME_LEFT_MOST)
                left = rows_end(&s->scan->rows, ids_get(&s->stack, s->depth - 1)) - at;
        while (left) {
                edge_t edge = s->scan->edges[at++];
                uint64_t other;

                left--;
                if (!components_edge(s->c, edge))
                        continue;
                other = ids_get(&s->c->of, edge_target(edge));
                if (!other) {
                        *frame = frame_make(at, left, *frame & FRAME_NOT_ROOT);
                        return edge_target(edge);
                }
                lower(s, other);
        }
        return ID_NONE;
}

static int visit(struct search *s, uint64_t id)
{
        if (enter(s, id))
                return -1;
        while (s->depth) {
                uint64_t next = advance(s);

                if (next == ID_NONE)
                        leave(s);
                else if (enter(s, next))
                        return -1;
        }
        return 0;
}

/* Visits what was not yet and is not in the great component; of what it
 * reaches, when `reached`. */
static int visit_all(struct search *s, uint64_t blocks, const struct great *g, bool reached)
{
        for (uint64_t word = 0; word < (blocks + 63) / 64; word++) {
                uint64_t left = s->c->lost_bits[word] & (g->size ? ~g->members[word] : ~UINT64_C(0));

                for (; left; left &= left - 1) {
                        uint64_t id = word * 64 + (unsigned)__builtin_ctzll(left);

                        if ((!reached || g->reached[id]) && !ids_get(&s->c->of, id) && visit(s, id))
                                return -1;
                }
        }
        return 0;
}

/* As a component, in the order of ids. */
static void place_great(struct search *s, const struct great *g, uint64_t blocks)
{
        struct ids of = s->c->of, order = s->c->order;
        uint64_t component = s->component--, at = s->placed -= g->size;

        for (uint64_t word = 0; word < (blocks + 63) / 64; word++) {
                for (uint64_t left = g->members[word]; left; left &= left - 1) {
                        uint64_t id = word * 64 + (unsigned)__builtin_ctzll(left);

                        ids_set(&of, id, component);
                        ids_set(&order, at++, id);
                }
        }
}

/* Gives the members numbers, so that nobody enters them. */
static void bar_great(const struct search *s, const struct great *g, uint64_t blocks)
{
        struct ids of = s->c->of;
        uint64_t component = s->component;

        for (uint64_t word = 0; word < (blocks + 63) / 64; word++) {
                for (uint64_t left = g->members[word]; left; left &= left - 1)
                        ids_set(&of, word * 64 + (unsigned)__builtin_ctzll(left), component);
        }
}

/* What a great component reaches comes after it, all else before. */
static int find(struct search *s, uint64_t blocks)
{
        struct great great;
        int status = great_find(&great, s->c, s->scan, blocks);

        s->back = s->placed = s->c->lost;
        s->index = 1;
        s->component = s->c->lost; /* above every index: at most `lost` are in use, counted from 1 */
        if (!status && great.size) {
                bar_great(s, &great, blocks);
                status = visit_all(s, blocks, &great, true);
                place_great(s, &great, blocks);
        }
        if (!status)
                status = visit_all(s, blocks, &great, false);
        s->c->great = great.members;
        great.members = NULL;
        great_free(&great);
        return status;
}

/* Numbers the components from 0 and finds where each begins. */
static int number(struct components *c, uint64_t lowest)
{
        uint64_t last = ID_NONE;

        c->count = c->lost - lowest;
        if (ids_init(&c->first, c->count + 1))
                return -1;
        for (uint64_t i = 0; i < c->lost; i++) {
                uint64_t id = ids_get(&c->order, i), component = ids_get(&c->of, id) - lowest - 1;

                if (i + COMPONENTS_AHEAD < c->lost)
                        ids_prefetch(&c->of, ids_get(&c->order, i + COMPONENTS_AHEAD));
                ids_set(&c->of, id, component);
                if (component != last)
                        ids_set(&c->first, component, i);
                last = component;
        }
        ids_set(&c->first, c->count, c->lost);
        return 0;
}

int components_run(struct components *c, const struct scan *scan, const struct confidence *confidence, uint64_t blocks,
                   struct error *e)
{
        struct search s = { .c = c, .scan = scan };
        int status = -1;

        *c = (struct components){ 0 };
        if (!init_lost(c, confidence, blocks) && !ids_init(&c->of, blocks) && !ids_init(&c->order, c->lost) &&
            !ids_init(&s.stack, c->lost) && !find(&s, blocks))
                status = 0;
        ids_free(&s.stack);
        mem_free(s.frames);
        if (status || number(c, s.component)) {
                components_free(c);
                return error_no_memory(e, "looking for cycles");
        }
        return 0;
}

void components_free(struct components *c)
{
        mem_free(c->lost_bits);
        ids_free(&c->before);
        ids_free(&c->of);
        ids_free(&c->order);
        ids_free(&c->first);
        mem_free(c->great);
        *c = (struct components){ 0 };
}
