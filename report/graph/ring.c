#include "ring.h"

#include "breaks.h"

enum {
        CANDIDATES = 64, /* starts of the search in large components */
        SMALL = 4096,    /* components up to this many blocks are searched from everywhere */
};
#define SEARCH_WORK (1ull << 26) /* edges looked at, in all */

/* The search inside a component. */
struct ring {
        struct inner inner;
        uint32_t *path, path_length;     /* blocks of the shortest cycle so far */
        uint32_t *parent, *queue, *seen; /* of the search */
        uint64_t work;
};

static int ring_init(struct ring *r)
{
        uint64_t n = r->inner.d.count;

        r->path = mem_alloc(n, sizeof *r->path);
        r->parent = mem_alloc(n, sizeof *r->parent);
        r->queue = mem_alloc(n, sizeof *r->queue);
        r->seen = mem_alloc(n, sizeof *r->seen);
        return r->path && r->parent && r->queue && r->seen ? 0 : -1;
}

static void ring_free(struct ring *r)
{
        inner_free(&r->inner);
        mem_free(r->path);
        mem_free(r->parent);
        mem_free(r->queue);
        mem_free(r->seen);
}

/* Which of two blocks is told first: the one with fewer edges, then the
 * older; as far as anything else can tell them apart, not by address. */
static bool starts_before(const struct ring *r, uint32_t a, uint32_t b)
{
        const struct block *x = &r->inner.graph->snapshot->blocks[inner_id(&r->inner, a)];
        const struct block *y = &r->inner.graph->snapshot->blocks[inner_id(&r->inner, b)];
        uint32_t edges_a = r->inner.d.row[a + 1] - r->inner.d.row[a],
                 edges_b = r->inner.d.row[b + 1] - r->inner.d.row[b];

        if (edges_a != edges_b)
                return edges_a < edges_b;
        if (x->time_ns != y->time_ns)
                return x->time_ns < y->time_ns;
        if (x->stack != y->stack)
                return x->stack < y->stack;
        if (x->size != y->size)
                return x->size < y->size;
        return x->address < y->address;
}

/* The search */

static void keep_path(struct ring *r, uint32_t last, uint32_t length)
{
        r->path_length = length;
        for (uint32_t at = last; length-- > 0; at = r->parent[at])
                r->path[length] = at;
}

/* Looks for a cycle through `start` shorter than the best so far. */
static void search_from(struct ring *r, uint32_t start, uint32_t round)
{
        uint32_t head = 0, tail = 0, level_end = 1, depth = 1;

        r->queue[tail++] = start;
        r->seen[start] = round;
        r->parent[start] = CUT_NONE;
        while (head < tail) {
                uint32_t at = r->queue[head++];

                if (r->path_length && depth >= r->path_length)
                        return;
                r->work += r->inner.d.row[at + 1] - r->inner.d.row[at];
                for (uint32_t i = r->inner.d.row[at]; i < r->inner.d.row[at + 1]; i++) {
                        uint32_t next = r->inner.d.to[i];

                        if (next == start) {
                                keep_path(r, at, depth);
                                return;
                        }
                        if (r->seen[next] == round)
                                continue;
                        r->seen[next] = round;
                        r->parent[next] = at;
                        r->queue[tail++] = next;
                }
                if (head == level_end) {
                        level_end = tail;
                        depth++;
                }
        }
}

/* Sifts local numbers into a heap by starts_before; the top is the last. */
static void sift_down(const struct ring *r, uint32_t *heap, uint32_t at, uint32_t count)
{
        for (uint32_t child; (child = 2 * at + 1) < count; at = child) {
                uint32_t swap = heap[at];

                if (child + 1 < count && starts_before(r, heap[child], heap[child + 1]))
                        child++;
                if (!starts_before(r, swap, heap[child]))
                        break;
                heap[at] = heap[child];
                heap[child] = swap;
        }
}

/* The first `limit` blocks in the order of starts_before, in order. */
static uint32_t choose_starts(const struct ring *r, uint32_t *starts, uint32_t limit)
{
        uint32_t count = r->inner.d.count < limit ? r->inner.d.count : limit;

        for (uint32_t i = 0; i < count; i++)
                starts[i] = i;
        for (uint32_t i = count / 2; i-- > 0;)
                sift_down(r, starts, i, count);
        for (uint32_t i = count; i < r->inner.d.count; i++) {
                if (starts_before(r, i, starts[0])) {
                        starts[0] = i;
                        sift_down(r, starts, 0, count);
                }
        }
        for (uint32_t end = count; end-- > 1;) {
                uint32_t last = starts[0];

                starts[0] = starts[end];
                starts[end] = last;
                sift_down(r, starts, 0, end);
        }
        return count;
}

static int find_path(struct ring *r)
{
        uint32_t limit = r->inner.d.count <= SMALL ? r->inner.d.count : CANDIDATES, count;
        uint32_t *starts = mem_alloc(limit, sizeof *starts);

        if (!starts)
                return -1;
        count = 1;
        if (r->inner.d.edge_count != r->inner.d.count) /* else there is one way round, and any start will do */
                count = choose_starts(r, starts, limit);
        for (uint32_t i = 0; i < count && r->path_length != 2; i++) { /* two is the least */
                if (r->path_length && r->work > SEARCH_WORK)
                        break;
                search_from(r, starts[i], i + 1);
        }
        mem_free(starts);
        return 0;
}

/* Turns the path so that it begins with its first block. */
static void turn_path(struct ring *r)
{
        uint32_t first = 0;

        for (uint32_t i = 1; i < r->path_length; i++) {
                if (i + COMPONENTS_AHEAD < r->path_length)
                        __builtin_prefetch(inner_block(&r->inner, r->path[i + COMPONENTS_AHEAD]));
                if (starts_before(r, r->path[i], r->path[first]))
                        first = i;
        }
        for (uint32_t i = 0; i < r->path_length; i++)
                r->queue[i] = r->path[(first + i) % r->path_length];
        memcpy(r->path, r->queue, r->path_length * sizeof *r->path);
}

/* Telling */

static uint32_t path_edge(const struct ring *r, uint32_t index)
{
        uint32_t from = r->path[index], to = r->path[(index + 1) % r->path_length], edge = r->inner.d.row[from];

        while (r->inner.d.to[edge] != to)
                edge++;
        return edge;
}

static int tell_path(const struct ring *r, struct group_cycle *told, struct group_arena **arena)
{
        told->length = r->path_length;
        told->path_count = r->path_length < RING_PATH ? r->path_length : RING_PATH;
        told->path = arena_alloc(arena, told->path_count, sizeof *told->path);
        if (!told->path)
                return -1;
        for (uint32_t i = 0; i < told->path_count; i++)
                told->path[i] = inner_step(&r->inner, r->path[i], path_edge(r, i));
        return 0;
}

/* The search is over: its arrays hold the cycle's edges. */
static int tell_breaks(struct ring *r, struct group_cycle *told, struct group_arena **arena)
{
        struct cycle cycle = { .length = r->path_length, .vertices = r->path, .edges = r->queue, .twins = r->parent };

        for (uint32_t i = 0; i < r->path_length; i++)
                cycle.edges[i] = path_edge(r, i);
        return breaks_find(&r->inner, &cycle, told, arena);
}

int ring_tell(const struct graph *graph, struct vtables *vtables, uint64_t id, struct group *group,
              struct group_arena **arena)
{
        struct ring r = { .inner = { .graph = graph, .vtables = vtables } };
        struct inner *inner = &r.inner;
        uint64_t size, edges;
        int status;

        inner->component = components_of(&graph->components, id);
        size = components_size(&graph->components, inner->component);
        edges = inner_count_edges(graph, inner->component);
        group->cycle = arena_alloc(arena, 1, sizeof *group->cycle);
        if (!group->cycle)
                return -1;
        group->cycle->blocks = size;
        group->cycle->edges = edges;
        if (size >= CUT_NONE - 1 || edges >= CUT_NONE - 1) /* counted only */
                return 0;
        inner->d.count = (uint32_t)size;
        inner->d.edge_count = (uint32_t)edges;
        if (inner_init(inner))
                return -1;
        status = ring_init(&r) || find_path(&r);
        if (!status) {
                turn_path(&r);
                status = tell_path(&r, group->cycle, arena) || tell_breaks(&r, group->cycle, arena);
        }
        ring_free(&r);
        return status ? -1 : 0;
}
