#include "paths.h"

/* What `from` holds: a block's id, an index in scan.roots, an index in the
 * unaligned edges, or that the block has no predecessor. */
#define FROM_ROOT      (1ull << 38)
#define FROM_UNALIGNED (1ull << 37)
#define FROM_NONE      (ID_NONE - 1)
#define FROM_UNKNOWN   ID_NONE

enum { AHEAD_EDGES = 12, AHEAD_FROM = 6 };

struct queue {
        uint64_t *ids;
        size_t count, capacity;
};

struct finder {
        struct paths *paths;
        const struct scan *scan;
        const uint8_t *of;
        struct queue queues[STRENGTH_COUNT]; /* by confidence */
};

static enum strength weaker(enum strength a, enum strength b)
{
        return a < b ? a : b;
}

/* Remembers how a block was found, if this is how it came to its confidence;
 * -1 without memory. */
static inline int find(struct finder *f, uint64_t id, enum strength strength, uint64_t from)
{
        struct queue *queue = &f->queues[strength];

        if (f->of[id] != strength || ids_get(&f->paths->from, id) != FROM_UNKNOWN)
                return 0;
        ids_set(&f->paths->from, id, from);
        if (mem_grow(&queue->ids, &queue->capacity, queue->count + 1, sizeof *queue->ids))
                return -1;
        queue->ids[queue->count++] = id;
        return 0;
}

static FETCHES void fetch_ahead(const struct finder *f, const struct queue *queue, size_t at)
{
        if (at + AHEAD_EDGES < queue->count)
                __builtin_prefetch(f->scan->edges + rows_start(&f->scan->rows, queue->ids[at + AHEAD_EDGES]));
        if (at + AHEAD_FROM < queue->count) {
                uint64_t count;
                const edge_t *edges = scan_edges(f->scan, queue->ids[at + AHEAD_FROM], &count);

                for (uint64_t i = 0; i < count && i < 8; i++) {
                        __builtin_prefetch(f->of + edge_target(edges[i]));
                        ids_prefetch(&f->paths->from, edge_target(edges[i]));
                }
        }
}

static int search(struct finder *f)
{
        for (enum strength level = STRENGTH_EXACT; level > STRENGTH_NONE; level--) {
                struct queue *queue = &f->queues[level];

                for (size_t at = 0; at < queue->count; at++) {
                        uint64_t count;
                        const edge_t *edges = scan_edges(f->scan, queue->ids[at], &count);

                        fetch_ahead(f, queue, at);
                        for (uint64_t i = 0; i < count; i++) {
                                if (find(f, edge_target(edges[i]), weaker(level, edge_strength(edges[i])),
                                         queue->ids[at]))
                                        return -1;
                        }
                }
                queue->count = 0;
        }
        return 0;
}

static int start_at_roots(struct finder *f)
{
        const struct root *roots = f->paths->graph->snapshot->roots;

        for (enum root_kind kind = 0; kind < ROOT_KINDS; kind++) {
                for (uint64_t i = 0; i < f->scan->root_count; i++) {
                        const struct root_edge *edge = &f->scan->roots[i];

                        if (roots[edge->root].kind == kind && find(f, edge->to, edge->strength, FROM_ROOT | i))
                                return -1;
                }
        }
        return search(f);
}

static int start_at_inherited(struct finder *f)
{
        const struct confidence *c = &f->paths->graph->confidence;

        for (size_t i = 0; i < c->inherited_count; i++) {
                if (find(f, c->inherited[i], STRENGTH_EXACT, FROM_NONE))
                        return -1;
        }
        return search(f);
}

static int start_at_unaligned(struct finder *f)
{
        const struct confidence *c = &f->paths->graph->confidence;

        for (size_t i = 0; i < c->unaligned_count; i++) {
                const struct unaligned_edge *edge = &c->unaligned[i];
                enum strength source = edge->root ? STRENGTH_EXACT : (enum strength)c->of[edge->from];

                if (find(f, edge->to, weaker(source, STRENGTH_UNALIGNED), FROM_UNALIGNED | i))
                        return -1;
        }
        return search(f);
}

int paths_init(struct paths *p, const struct graph *graph)
{
        struct finder f = { .paths = p, .scan = &graph->scan, .of = graph->confidence.of };
        uint64_t count = graph->snapshot->block_count;
        int status = -1;

        *p = (struct paths){ .graph = graph };
        if (!ids_init(&p->from, count)) {
                memset(p->from.bytes, 0xff, count * 5);
                if (!start_at_roots(&f) && !start_at_inherited(&f) && !start_at_unaligned(&f))
                        status = 0;
        }
        for (enum strength level = 0; level < STRENGTH_COUNT; level++)
                mem_free(f.queues[level].ids);
        if (status)
                paths_free(p);
        return status;
}

void paths_free(struct paths *p)
{
        ids_free(&p->from);
        *p = (struct paths){ 0 };
}

static edge_t edge_between(const struct scan *scan, uint64_t from, uint64_t to)
{
        uint64_t count;
        const edge_t *edges = scan_edges(scan, from, &count);

        for (uint64_t i = 0; i < count; i++) {
                if (edge_target(edges[i]) == to)
                        return edges[i];
        }
        return edge_make(to, STRENGTH_AMBIGUOUS, EDGE_WORD_FAR);
}

bool paths_step(const struct paths *p, uint64_t id, struct confidence_step *step)
{
        const struct graph *g = p->graph;
        uint64_t from = ids_get(&p->from, id);

        if (from == FROM_UNKNOWN || from == FROM_NONE)
                return false;
        if (from & FROM_ROOT) {
                const struct root_edge *edge = &g->scan.roots[from & ~FROM_ROOT];

                *step = (struct confidence_step){
                        .root = true, .from = edge->root, .to = id, .offset = edge->offset, .strength = edge->strength
                };
        } else if (from & FROM_UNALIGNED) {
                const struct unaligned_edge *edge = &g->confidence.unaligned[from & ~FROM_UNALIGNED];

                *step = (struct confidence_step){ .root = edge->root,
                                                  .from = edge->from,
                                                  .to = id,
                                                  .offset = edge->offset,
                                                  .strength = STRENGTH_UNALIGNED };
        } else {
                edge_t edge = edge_between(&g->scan, from, id);

                *step = (struct confidence_step){ .from = from,
                                                  .to = id,
                                                  .offset =
                                                          block_lead(&g->snapshot->blocks[from]) + 8 * edge_word(edge),
                                                  .strength = edge_strength(edge) };
        }
        return true;
}

bool paths_weakest(const struct paths *p, uint64_t id, struct confidence_step *step)
{
        struct confidence_step here;

        if (!paths_step(p, id, step))
                return false;
        here = *step;
        while (!here.root && paths_step(p, here.from, &here)) {
                if (here.strength <= step->strength)
                        *step = here;
        }
        return true;
}
