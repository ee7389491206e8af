#include "retained.h"

/* The graph as the dominators see it. */
struct view {
        const struct graph *graph;
        uint64_t blocks, root;
        uint32_t holders;
        struct ids rows, words; /* of each holder its root edges */
        uint64_t *lasting;      /* of each block a bit: globals or thread-local storage lead to it */
        uint64_t *queue;
        size_t queued, capacity;
};

static bool is_reachable(const struct graph *graph, uint64_t id)
{
        return graph_confidence(graph, id) >= STRENGTH_TAGGED;
}

static bool is_lasting(const struct view *view, const struct root_edge *edge)
{
        enum root_kind kind = view->graph->snapshot->roots[edge->root].kind;

        return kind == ROOT_GLOBAL || kind == ROOT_TLS;
}

static bool counts(const struct view *view, const struct root_edge *edge)
{
        if (edge->strength < STRENGTH_TAGGED)
                return false;
        return is_lasting(view, edge) || !(view->lasting[edge->to / 64] >> edge->to % 64 & 1);
}

/* ---- what lasting roots lead to ----------------------------------------------- */

static int meet(struct view *view, uint64_t id)
{
        uint64_t bit = 1ull << id % 64;

        if (view->lasting[id / 64] & bit)
                return 0;
        view->lasting[id / 64] |= bit;
        if (mem_grow(&view->queue, &view->capacity, view->queued + 1, sizeof *view->queue))
                return -1;
        view->queue[view->queued++] = id;
        return 0;
}

static int find_lasting(struct view *view)
{
        const struct scan *scan = &view->graph->scan;
        int status = 0;

        view->lasting = mem_alloc(view->blocks / 64 + 1, sizeof *view->lasting);
        if (!view->lasting)
                return -1;
        for (uint64_t i = 0; i < scan->root_count && !status; i++)
                if (scan->roots[i].strength >= STRENGTH_TAGGED && is_lasting(view, &scan->roots[i]))
                        status = meet(view, scan->roots[i].to);
        while (view->queued && !status) {
                uint64_t count;
                const edge_t *edges = scan_edges(scan, view->queue[--view->queued], &count);

                for (uint64_t i = 0; i < count && !status; i++)
                        if (edge_strength(edges[i]) >= STRENGTH_TAGGED)
                                status = meet(view, edge_target(edges[i]));
        }
        return status;
}

/* ---- edges ------------------------------------------------------------------ */

static int view_init(struct view *view, const struct retained_holders *holders)
{
        const struct scan *scan = &view->graph->scan;
        uint64_t sum = 0;

        if (!view->holders)
                return 0;
        if (ids_init(&view->rows, view->holders + 2ull) || ids_init(&view->words, scan->root_count))
                return -1;
        for (uint64_t i = 0; i < scan->root_count; i++)
                ids_set(&view->rows, holders->of[i] + 2ull, ids_get(&view->rows, holders->of[i] + 2ull) + 1);
        for (uint64_t i = 0; i <= view->holders; i++) {
                sum += ids_get(&view->rows, i + 1);
                ids_set(&view->rows, i + 1, sum);
        }
        for (uint64_t i = 0; i < scan->root_count; i++) {
                uint64_t at = ids_get(&view->rows, holders->of[i] + 1ull);

                ids_set(&view->words, at, i);
                ids_set(&view->rows, holders->of[i] + 1ull, at + 1);
        }
        return 0;
}

static void view_free(struct view *view)
{
        ids_free(&view->rows);
        ids_free(&view->words);
        mem_free(view->lasting);
        mem_free(view->queue);
}

static uint64_t next_of_holder(const struct view *view, uint64_t holder, uint64_t *cursor)
{
        uint64_t first = ids_get(&view->rows, holder), end = ids_get(&view->rows, holder + 1);

        while (first + *cursor < end) {
                const struct root_edge *edge = &view->graph->scan.roots[ids_get(&view->words, first + (*cursor)++)];

                if (counts(view, edge))
                        return edge->to;
        }
        return ID_NONE;
}

/* The holders, or where there are none the roots' edges. */
static uint64_t next_of_roots(const struct view *view, uint64_t *cursor, uint64_t *passed)
{
        const struct scan *scan = &view->graph->scan;

        *passed = view->holders ? view->holders : scan->root_count;
        if (view->holders)
                return *cursor < view->holders ? view->blocks + (*cursor)++ : ID_NONE;
        while (*cursor < scan->root_count) {
                const struct root_edge *edge = &scan->roots[(*cursor)++];

                if (counts(view, edge))
                        return edge->to;
        }
        return ID_NONE;
}

/* Then inherited blocks that were roots themselves. */
static uint64_t next_of_root(const struct view *view, uint64_t *cursor)
{
        const struct confidence *confidence = &view->graph->confidence;
        uint64_t passed, to = next_of_roots(view, cursor, &passed);

        if (to != ID_NONE)
                return to;
        if (*cursor - passed < confidence->inherited_count)
                return confidence->inherited[(*cursor)++ - passed];
        return ID_NONE;
}

static uint64_t next_of(void *context, uint64_t vertex, uint64_t *cursor)
{
        const struct view *view = context;
        const edge_t *edges;
        uint64_t count;

        if (vertex == view->root)
                return next_of_root(view, cursor);
        if (vertex >= view->blocks)
                return next_of_holder(view, vertex - view->blocks, cursor);
        edges = scan_edges(&view->graph->scan, vertex, &count);
        while (*cursor < count) {
                edge_t edge = edges[(*cursor)++];

                if (edge_strength(edge) >= STRENGTH_TAGGED && is_reachable(view->graph, edge_target(edge)))
                        return edge_target(edge);
        }
        return ID_NONE;
}

/* ---- sums ------------------------------------------------------------------- */

static int sum(struct retained *r, const struct graph *graph, struct error *e)
{
        r->bytes = mem_alloc(r->root + 1, sizeof *r->bytes);
        r->blocks = mem_alloc(r->root + 1, sizeof *r->blocks);
        if (!r->bytes || !r->blocks)
                return error_no_memory(e, "finding what keeps what");
        for (uint64_t i = 1; i < r->dominators.reached; i++) {
                uint64_t id = ids_get(&r->dominators.order, i);

                if (id >= r->first_holder)
                        continue;
                r->bytes[id] = graph->snapshot->blocks[id].size;
                r->blocks[id] = 1;
        }
        dominators_sum(&r->dominators, r->bytes);
        dominators_sum(&r->dominators, r->blocks);
        return 0;
}

int retained_run(struct retained *r, const struct graph *graph, const struct retained_holders *holders,
                 struct error *e)
{
        struct view view = { .graph = graph, .blocks = graph->snapshot->block_count };
        int status;

        view.holders = holders ? holders->count : 0;
        view.root = view.blocks + view.holders;
        *r = (struct retained){ .first_holder = view.blocks, .root = view.root };
        if (find_lasting(&view) || view_init(&view, holders))
                status = error_no_memory(e, "finding what keeps what");
        else
                status = dominators_run(&r->dominators, view.root + 1, view.root, next_of, &view, e);
        view_free(&view);
        if (!status)
                status = sum(r, graph, e);
        if (status)
                retained_free(r);
        return status;
}

void retained_free(struct retained *r)
{
        dominators_free(&r->dominators);
        mem_free(r->bytes);
        mem_free(r->blocks);
        *r = (struct retained){ 0 };
}
