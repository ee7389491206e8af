#include "mark.h"

#include "../share.h"

enum {
        CHUNK = 1 << 14,  /* blocks that a thread takes at a time */
        AHEAD_ROW = 24,   /* how far ahead rows are fetched, */
        AHEAD_EDGES = 12, /* edges, */
        AHEAD_OF = 6,     /* and what is known of their targets */
        QUEUE_LEAST = 1 << 10,
};
#define PARALLEL_LEAST (1u << 16) /* blocks */

typedef uint64_t __attribute__((may_alias)) octet; /* eight marks */

int marks_init(struct marks *m, const struct scan *scan, uint8_t *of, uint64_t blocks)
{
        *m = (struct marks){ .scan = scan, .blocks = blocks, .of = of, .room = QUEUE_LEAST };
        while (m->room < blocks / 64)
                m->room *= 2;
        m->queue = mem_alloc(m->room, sizeof *m->queue);
        return m->queue ? 0 : -1;
}

void marks_free(struct marks *m)
{
        mem_free(m->queue);
        *m = (struct marks){ 0 };
}

/* One mark.  Several threads may do this at once: nothing is ever written that
 * is weaker than what is there. */

static inline unsigned mark_get(const struct marks *m, uint64_t id)
{
        return __atomic_load_n(&m->of[id], __ATOMIC_RELAXED);
}

static inline void mark_set(const struct marks *m, uint64_t id, unsigned value)
{
        __atomic_store_n(&m->of[id], (uint8_t)value, __ATOMIC_RELAXED);
}

/* To less than the present level, at which another thread may set it. */
static void mark_weak(const struct marks *m, uint64_t id, unsigned strength)
{
        uint8_t known = (uint8_t)mark_get(m, id);

        while ((known & ~MARK_DONE) < (int)strength) {
                if (__atomic_compare_exchange_n(&m->of[id], &known, (uint8_t)strength, false, __ATOMIC_RELAXED,
                                                __ATOMIC_RELAXED))
                        return;
        }
}

static inline void push(struct marks *m, uint64_t id)
{
        if (m->tail - m->head == m->room)
                m->overflow = true;
        else
                m->queue[m->tail++ & (m->room - 1)] = id;
}

static inline void follow(struct marks *m, unsigned level, uint64_t id, bool queued)
{
        uint64_t count;
        const edge_t *edges = scan_edges(m->scan, id, &count);

        mark_set(m, id, level | MARK_DONE);
        for (uint64_t i = 0; i < count; i++) {
                uint64_t target = edge_target(edges[i]);
                unsigned strength = edge_strength(edges[i]), known = mark_get(m, target) & ~(unsigned)MARK_DONE;

                if (known >= level || known >= strength)
                        continue;
                if (strength < level) {
                        mark_weak(m, target, strength);
                } else {
                        mark_set(m, target, level);
                        if (queued)
                                push(m, target);
                }
        }
}

/* Few blocks: a queue. */

static FETCHES void fetch_queued(const struct marks *m)
{
        uint64_t queued = m->tail - m->head, mask = m->room - 1, count;
        const edge_t *edges;

        if (queued > AHEAD_ROW)
                rows_prefetch(&m->scan->rows, m->queue[(m->head + AHEAD_ROW) & mask]);
        if (queued > AHEAD_EDGES)
                __builtin_prefetch(m->scan->edges +
                                   rows_start(&m->scan->rows, m->queue[(m->head + AHEAD_EDGES) & mask]));
        if (queued > AHEAD_OF) {
                edges = scan_edges(m->scan, m->queue[(m->head + AHEAD_OF) & mask], &count);
                for (uint64_t i = 0; i < count && i < 8; i++)
                        __builtin_prefetch(m->of + edge_target(edges[i]));
        }
}

static void follow_queue(struct marks *m, unsigned level)
{
        while (m->head < m->tail && !m->overflow) {
                uint64_t id = m->queue[m->head & (m->room - 1)];

                fetch_queued(m);
                m->head++;
                if (mark_get(m, id) == level)
                        follow(m, level, id, true);
        }
}

/* Many: all that are marked, as they come. */

struct sweep {
        struct marks *marks;
        unsigned level;
        uint64_t next; /* chunk to be taken */
};

/* Has one of the eight marks this value?  May say yes where it is not so. */
static inline bool octet_has(octet marks, unsigned value)
{
        uint64_t zero = marks ^ value * 0x0101010101010101ull;

        return (zero - 0x0101010101010101ull) & ~zero & 0x8080808080808080ull;
}

/* The ids from `start` on that wait for their edges to be followed. */
static size_t gather(const struct marks *m, unsigned level, uint64_t start, uint64_t end, uint64_t *ids, size_t room)
{
        size_t count = 0;

        for (uint64_t at = start; at < end && count < room; at += 8) {
                if (!octet_has(__atomic_load_n((const octet *)(const void *)(m->of + at), __ATOMIC_RELAXED), level))
                        continue;
                for (uint64_t id = at; id < at + 8 && count < room; id++) {
                        ids[count] = id;
                        count += mark_get(m, id) == level;
                }
        }
        return count;
}

static FETCHES void fetch_gathered(const struct marks *m, const uint64_t *ids, size_t at, size_t count)
{
        uint64_t edge_count;
        const edge_t *edges;

        if (at + AHEAD_EDGES < count)
                __builtin_prefetch(m->scan->edges + rows_start(&m->scan->rows, ids[at + AHEAD_EDGES]));
        if (at + AHEAD_OF < count) {
                edges = scan_edges(m->scan, ids[at + AHEAD_OF], &edge_count);
                for (uint64_t i = 0; i < edge_count && i < 8; i++)
                        __builtin_prefetch(m->of + edge_target(edges[i]));
        }
}

static void sweep_part(void *context, unsigned part)
{
        struct sweep *sweep = context;
        struct marks *m = sweep->marks;
        uint64_t ids[512];

        (void)part;
        for (;;) {
                uint64_t start = __atomic_fetch_add(&sweep->next, CHUNK, __ATOMIC_RELAXED), end = start + CHUNK;

                if (start >= m->blocks)
                        return;
                if (end > m->blocks)
                        end = m->blocks;
                for (size_t count = 512; count == 512; start = count ? ids[count - 1] & ~7ull : end) {
                        count = gather(m, sweep->level, start, end, ids, 512);
                        for (size_t i = 0; i < count; i++) {
                                fetch_gathered(m, ids, i, count);
                                follow(m, sweep->level, ids[i], false);
                        }
                }
        }
}

/* Queues what waits at this level. */
static void queue_waiting(struct marks *m, unsigned level)
{
        m->head = 0;
        m->tail = gather(m, level, 0, m->blocks, m->queue, m->room);
        m->overflow = m->tail == m->room;
}

void marks_follow(struct marks *m)
{
        unsigned parts = share_parts(m->blocks, PARALLEL_LEAST);

        for (unsigned level = STRENGTH_EXACT; level > STRENGTH_NONE; level--) {
                queue_waiting(m, level);
                while (m->tail) {
                        struct sweep sweep = { .marks = m, .level = level };

                        if (m->overflow)
                                share_run(parts, sweep_part, &sweep);
                        else
                                follow_queue(m, level);
                        if (!m->overflow)
                                break;
                        queue_waiting(m, level);
                }
        }
}

void marks_finish(struct marks *m)
{
        for (uint64_t id = 0; id < m->blocks; id++)
                m->of[id] &= (uint8_t)~MARK_DONE;
}
