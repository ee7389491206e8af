#include "great.h"

#include "../share.h"
#include "mark.h"

enum {
        CHUNK = 1 << 8, /* words of 64 blocks that a thread takes at a time */
        STARTS = 16,    /* blocks from which a middle one is looked for, */
        STEPS = 64,     /* so many steps on */
        WORK = 16,      /* what all sweeps together may look at, in times of what is reached */
        SHARE = 4,      /* a great component has this part of all that is lost, or more */
};

struct sweep {
        const struct great *great;
        const struct scan *scan;
        uint64_t words; /* of 64 blocks */
        uint64_t next, added;
};

/* The start of the walk number `attempt`. */
static uint64_t start_of(const struct components *c, uint64_t blocks, unsigned attempt)
{
        uint64_t id = blocks / STARTS * attempt + blocks / (2 * STARTS);

        while (id < blocks && !components_lost(c, id))
                id++;
        return id < blocks ? id : ID_NONE;
}

/* Some block that `id` points at, another one with each step. */
static uint64_t step_from(const struct components *c, const struct scan *scan, uint64_t id, unsigned step)
{
        uint64_t count;
        const edge_t *edges = scan_edges(scan, id, &count);

        for (uint64_t i = 0; i < count; i++) {
                edge_t edge = edges[(i + step) % count];

                if (components_edge(c, edge) && edge_target(edge) != id)
                        return edge_target(edge);
        }
        return ID_NONE;
}

/* A block far from where the edges begin and not where they end; ID_NONE when
 * all ways end. */
static uint64_t find_middle(const struct components *c, const struct scan *scan, uint64_t blocks)
{
        for (unsigned attempt = 0; attempt < STARTS; attempt++) {
                uint64_t id = start_of(c, blocks, attempt);

                for (unsigned step = 0; step < STEPS && id != ID_NONE; step++)
                        id = step_from(c, scan, id, step);
                if (id != ID_NONE)
                        return id;
        }
        return ID_NONE;
}

/* Marks in `reached` what the block reaches; returns how many, UINT64_MAX
 * without memory. */
static uint64_t reach(struct great *g, const struct components *c, const struct scan *scan, uint64_t blocks,
                      uint64_t middle)
{
        uint64_t count = 0;
        struct marks m;

        for (uint64_t id = 0; id < blocks; id++)
                g->reached[id] = components_lost(c, id) ? STRENGTH_NONE : STRENGTH_EXACT | MARK_DONE;
        if (marks_init(&m, scan, g->reached, blocks))
                return UINT64_MAX;
        marks_raise(&m, middle, STRENGTH_EXACT);
        marks_follow(&m);
        marks_finish(&m);
        marks_free(&m);
        for (uint64_t id = 0; id < blocks; id++) {
                g->reached[id] = g->reached[id] >= STRENGTH_INTERIOR && components_lost(c, id);
                count += g->reached[id];
        }
        return count;
}

static inline bool member(const struct great *g, uint64_t id)
{
        return __atomic_load_n(&g->members[id / 64], __ATOMIC_RELAXED) >> id % 64 & 1;
}

static bool points_at_member(const struct sweep *sweep, uint64_t id)
{
        uint64_t count;
        const edge_t *edges = scan_edges(sweep->scan, id, &count);

        for (uint64_t i = 0; i < count; i++) {
                if (member(sweep->great, edge_target(edges[i])) && edge_strength(edges[i]) >= STRENGTH_INTERIOR)
                        return true;
        }
        return false;
}

static void sweep_part(void *context, unsigned part)
{
        struct sweep *sweep = context;
        const struct great *g = sweep->great;
        uint64_t added = 0;

        (void)part;
        for (;;) {
                uint64_t word = __atomic_fetch_add(&sweep->next, CHUNK, __ATOMIC_RELAXED), end = word + CHUNK;

                for (; word < end && word < sweep->words; word++) {
                        uint64_t found = 0;

                        for (uint64_t id = word * 64; id < word * 64 + 64; id++) {
                                if (!g->reached[id] || member(g, id) || !points_at_member(sweep, id))
                                        continue;
                                /* Only this thread writes the word. */
                                __atomic_store_n(&g->members[word], g->members[word] | 1ull << id % 64,
                                                 __ATOMIC_RELAXED);
                                found++;
                        }
                        added += found;
                }
                if (end >= sweep->words)
                        break;
        }
        __atomic_fetch_add(&sweep->added, added, __ATOMIC_RELAXED);
}

/* Finds which of the `reached` blocks reach the middle; false when it takes
 * too long. */
static bool reach_back(struct great *g, const struct scan *scan, uint64_t blocks, uint64_t reached)
{
        unsigned parts = share_parts(reached, GREAT_LEAST);

        for (uint64_t work = 0; work <= WORK * reached; work += reached - g->size) {
                struct sweep sweep = { .great = g, .scan = scan, .words = (blocks + 63) / 64 };

                share_run(parts, sweep_part, &sweep);
                if (!sweep.added)
                        return true;
                g->size += sweep.added;
        }
        return false;
}

int great_find(struct great *g, const struct components *c, const struct scan *scan, uint64_t blocks)
{
        uint64_t middle, reached;

        *g = (struct great){ 0 };
        /* With hardly more edges than blocks there are lists, trees and rings. */
        if (c->lost < GREAT_LEAST || scan->edge_count < blocks + blocks / 4)
                return 0;
        middle = find_middle(c, scan, blocks);
        if (middle == ID_NONE)
                return 0;
        g->members = mem_alloc(blocks / 64 + 1, sizeof *g->members);
        g->reached = mem_alloc((blocks / 64 + 1) * 64, 1);
        if (!g->members || !g->reached)
                return -1;
        reached = reach(g, c, scan, blocks, middle);
        if (reached == UINT64_MAX)
                return -1;
        g->members[middle / 64] = 1ull << middle % 64;
        g->size = 1;
        if (reached >= c->lost / SHARE && reach_back(g, scan, blocks, reached) && g->size >= c->lost / SHARE)
                return 0;
        great_free(g);
        return 0;
}

void great_free(struct great *g)
{
        mem_free(g->members);
        mem_free(g->reached);
        *g = (struct great){ 0 };
}
