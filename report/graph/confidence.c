#include "confidence.h"

#include "unaligned.h"

enum {
        AHEAD_ROW = 24,   /* how far ahead in the queue rows are fetched, */
        AHEAD_EDGES = 12, /* edges, */
        AHEAD_OF = 6,     /* what is known of their targets, */
        AHEAD_FROM = 3,   /* and where it will be written how they were found */
};

struct queue {
        uint64_t *ids;
        size_t count, capacity;
};

struct marker {
        struct confidence *confidence;
        const struct scan *scan;
        struct queue queues[STRENGTH_COUNT]; /* by the strength they wait for */
};

static enum strength weaker(enum strength a, enum strength b)
{
        return a < b ? a : b;
}

/* Raises a block's confidence and queues it; -1 without memory. */
static inline int raise_to(struct marker *m, uint64_t id, enum strength strength, uint64_t from)
{
        struct queue *queue = &m->queues[strength];

        if (m->confidence->of[id] >= strength)
                return 0;
        m->confidence->of[id] = (uint8_t)strength;
        ids_set(&m->confidence->from, id, from);
        if (queue->count == queue->capacity &&
            mem_grow(&queue->ids, &queue->capacity, queue->count + 1, sizeof *queue->ids))
                return -1;
        queue->ids[queue->count++] = id;
        return 0;
}

static FETCHES void fetch_ahead(const struct marker *m, const struct queue *queue, size_t at)
{
        const struct confidence *c = m->confidence;

        if (at + AHEAD_ROW < queue->count)
                ids_prefetch(&m->scan->rows, queue->ids[at + AHEAD_ROW]);
        if (at + AHEAD_EDGES < queue->count) {
                const edge_t *edges = m->scan->edges + ids_get(&m->scan->rows, queue->ids[at + AHEAD_EDGES]);

                __builtin_prefetch(edges);
                __builtin_prefetch(edges + 3); /* rows are short, but not aligned */
        }
        if (at + AHEAD_OF < queue->count) {
                uint64_t count;
                const edge_t *edges = scan_edges(m->scan, queue->ids[at + AHEAD_OF], &count);

                for (uint64_t i = 0; i < count && i < 8; i++)
                        __builtin_prefetch(c->of + edge_target(edges[i]));
        }
        if (at + AHEAD_FROM < queue->count) {
                uint64_t count;
                const edge_t *edges = scan_edges(m->scan, queue->ids[at + AHEAD_FROM], &count);

                for (uint64_t i = 0; i < count && i < 8; i++) {
                        if (!c->of[edge_target(edges[i])])
                                ids_prefetch(&c->from, edge_target(edges[i]));
                }
        }
}

static int mark_level(struct marker *m, enum strength level)
{
        struct queue *queue = &m->queues[level];

        for (size_t at = 0; at < queue->count; at++) {
                uint64_t id = queue->ids[at], count;
                const edge_t *edges = scan_edges(m->scan, id, &count);

                fetch_ahead(m, queue, at);
                if (m->confidence->of[id] != level) /* raised since */
                        continue;
                for (uint64_t i = 0; i < count; i++) {
                        if (raise_to(m, edge_target(edges[i]), weaker(level, edge_strength(edges[i])), id))
                                return -1;
                }
        }
        queue->count = 0;
        return 0;
}

static int mark(struct marker *m)
{
        for (enum strength level = STRENGTH_EXACT; level > STRENGTH_NONE; level--) {
                if (mark_level(m, level))
                        return -1;
        }
        return 0;
}

static int seed_roots(struct marker *m, const struct snapshot *snapshot)
{
        for (enum root_kind kind = 0; kind < ROOT_KINDS; kind++) {
                for (uint64_t i = 0; i < m->scan->root_count; i++) {
                        const struct root_edge *edge = &m->scan->roots[i];

                        if (snapshot->roots[edge->root].kind == kind &&
                            raise_to(m, edge->to, edge->strength, FROM_ROOT | i))
                                return -1;
                }
        }
        return 0;
}

/* Inherited blocks that nothing holds: something the parent had may. */
static int seed_inherited(struct marker *m, const struct snapshot *snapshot)
{
        for (uint64_t id = 0; id < snapshot->block_count; id++) {
                if ((snapshot->blocks[id].flags & BLOCK_INHERITED) && !m->confidence->of[id] &&
                    raise_to(m, id, STRENGTH_EXACT, FROM_NONE))
                        return -1;
        }
        return 0;
}

static uint64_t count_lost(const struct confidence *c, uint64_t blocks)
{
        uint64_t lost = 0;

        for (uint64_t id = 0; id < blocks; id++)
                lost += !c->of[id];
        return lost;
}

/* Takes unaligned edges from the first `known` on into account. */
static int mark_unaligned(struct marker *m)
{
        struct confidence *c = m->confidence;
        bool more;

        do {
                more = false;
                for (size_t i = 0; i < c->unaligned_count; i++) {
                        const struct unaligned_edge *edge = &c->unaligned[i];
                        enum strength source = edge->root ? STRENGTH_EXACT : (enum strength)c->of[edge->from];
                        enum strength strength = weaker(source, STRENGTH_UNALIGNED);

                        if (c->of[edge->to] >= strength)
                                continue;
                        if (raise_to(m, edge->to, strength, FROM_UNALIGNED | i))
                                return -1;
                        more = true;
                }
                if (more && mark(m))
                        return -1;
        } while (more);
        return 0;
}

/* Looks for pointers at odd addresses, only to what nothing else holds; what
 * these hold is searched in turn. */
static int second_pass(struct marker *m, const struct snapshot *snapshot, const struct pointers *pointers)
{
        struct unaligned search;
        int status, found;

        if (unaligned_init(&search, snapshot, pointers, m->confidence))
                return -1;
        while ((found = unaligned_next(&search)) > 0) {
                if (mark_unaligned(m)) {
                        found = -1;
                        break;
                }
        }
        status = found;
        unaligned_free(&search);
        m->confidence->lost = count_lost(m->confidence, snapshot->block_count);
        return status;
}

int confidence_run(struct confidence *c, const struct snapshot *snapshot, const struct pointers *pointers,
                   const struct scan *scan, struct error *e)
{
        struct marker m = { .confidence = c, .scan = scan };
        struct queue *strong = &m.queues[STRENGTH_EXACT];
        int status = -1;

        *c = (struct confidence){ 0 };
        c->of = mem_alloc(snapshot->block_count, 1);
        /* Nearly all will be queued there; room that is not used costs nothing. */
        (void)mem_grow(&strong->ids, &strong->capacity, snapshot->block_count, sizeof *strong->ids);
        if (c->of && !ids_init(&c->from, snapshot->block_count) && !seed_roots(&m, snapshot) && !mark(&m) &&
            !seed_inherited(&m, snapshot) && !mark(&m)) {
                c->lost = count_lost(c, snapshot->block_count);
                status = c->lost ? second_pass(&m, snapshot, pointers) : 0;
        }
        for (enum strength level = 0; level < STRENGTH_COUNT; level++)
                mem_free(m.queues[level].ids);
        if (status) {
                confidence_free(c);
                return error_no_memory(e, "following the references from the roots");
        }
        return 0;
}

void confidence_free(struct confidence *c)
{
        mem_free(c->of);
        ids_free(&c->from);
        mem_free(c->unaligned);
        *c = (struct confidence){ 0 };
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

bool confidence_step(const struct confidence *c, const struct snapshot *snapshot, const struct scan *scan, uint64_t id,
                     struct confidence_step *step)
{
        uint64_t from = ids_get(&c->from, id);

        if (!c->of[id] || from == FROM_NONE)
                return false;
        if (from & FROM_ROOT) {
                const struct root_edge *edge = &scan->roots[from & ~FROM_ROOT];

                *step = (struct confidence_step){
                        .root = true, .from = edge->root, .to = id, .offset = edge->offset, .strength = edge->strength
                };
        } else if (from & FROM_UNALIGNED) {
                const struct unaligned_edge *edge = &c->unaligned[from & ~FROM_UNALIGNED];

                *step = (struct confidence_step){ .root = edge->root,
                                                  .from = edge->from,
                                                  .to = id,
                                                  .offset = edge->offset,
                                                  .strength = STRENGTH_UNALIGNED };
        } else {
                edge_t edge = edge_between(scan, from, id);

                *step = (struct confidence_step){ .from = from,
                                                  .to = id,
                                                  .offset = block_lead(&snapshot->blocks[from]) + 8 * edge_word(edge),
                                                  .strength = edge_strength(edge) };
        }
        return true;
}

bool confidence_weakest(const struct confidence *c, const struct snapshot *snapshot, const struct scan *scan,
                        uint64_t id, struct confidence_step *step)
{
        struct confidence_step here;

        if (!confidence_step(c, snapshot, scan, id, step))
                return false;
        here = *step;
        while (!here.root && confidence_step(c, snapshot, scan, here.from, &here)) {
                if (here.strength <= step->strength)
                        *step = here;
        }
        return true;
}
