#include "ring.h"

#include "counted.h"

enum {
        NONE = UINT32_MAX,
        CANDIDATES = 64, /* starts of the search in large components */
        SMALL = 4096,    /* components up to this many blocks are searched from everywhere */
};
#define SEARCH_WORK (1ull << 26) /* edges looked at, in all */
#define BREAK_WORK  (1ull << 25)

/* A component on its own: blocks are numbered from 0. */
struct ring {
        const struct graph *graph;
        struct vtables *vtables;
        uint64_t component;
        uint32_t count;
        uint32_t *row;   /* of each block its first edge; and the end */
        uint32_t *to;    /* of each edge its target */
        uint64_t *edges; /* and its index in scan.edges */
        uint32_t edge_count;
        uint32_t *path, path_length;     /* blocks of the shortest cycle so far */
        uint32_t *parent, *queue, *seen; /* of the search */
        uint64_t work;
};

static uint64_t block_id(const struct ring *r, uint32_t local)
{
        return components_member(&r->graph->components, r->component, local);
}

static bool is_inner(const struct ring *r, uint64_t id, edge_t edge)
{
        const struct components *c = &r->graph->components;

        return edge_target(edge) != id && components_edge(c, edge) &&
               components_of(c, edge_target(edge)) == r->component;
}

/* Counts the component's inner edges. */
static uint64_t count_edges(const struct ring *r, uint64_t size)
{
        uint64_t found = 0;

        for (uint64_t i = 0; i < size; i++) {
                uint64_t id = components_member(&r->graph->components, r->component, i), count;
                const edge_t *edges = scan_edges(&r->graph->scan, id, &count);

                for (uint64_t j = 0; j < count; j++)
                        found += is_inner(r, id, edges[j]);
        }
        return found;
}

static void fill_edges(struct ring *r, const struct ids *local)
{
        const struct components *c = &r->graph->components;
        uint32_t filled = 0;

        for (uint32_t i = 0; i < r->count; i++) {
                uint64_t id = block_id(r, i), first = rows_start(&r->graph->scan.rows, id), count;
                const edge_t *edges = scan_edges(&r->graph->scan, id, &count);

                r->row[i] = filled;
                for (uint64_t j = 0; j < count; j++) {
                        if (!is_inner(r, id, edges[j]))
                                continue;
                        r->to[filled] = (uint32_t)ids_get(local, components_rank(c, edge_target(edges[j])));
                        r->edges[filled++] = first + j;
                }
        }
        r->row[r->count] = filled;
}

static void ring_free(struct ring *r)
{
        mem_free(r->row);
        mem_free(r->to);
        mem_free(r->edges);
        mem_free(r->path);
        mem_free(r->parent);
        mem_free(r->queue);
        mem_free(r->seen);
}

static int ring_init(struct ring *r)
{
        const struct components *c = &r->graph->components;
        struct ids local = { 0 };
        uint64_t n = r->count;

        r->row = mem_alloc(n + 1, sizeof *r->row);
        r->to = mem_alloc(r->edge_count, sizeof *r->to);
        r->edges = mem_alloc(r->edge_count, sizeof *r->edges);
        r->path = mem_alloc(n, sizeof *r->path);
        r->parent = mem_alloc(n, sizeof *r->parent);
        r->queue = mem_alloc(n, sizeof *r->queue);
        r->seen = mem_alloc(n, sizeof *r->seen);
        if (!r->row || !r->to || !r->edges || !r->path || !r->parent || !r->queue || !r->seen ||
            ids_init(&local, c->lost)) {
                ring_free(r);
                return -1;
        }
        for (uint32_t i = 0; i < r->count; i++)
                ids_set(&local, components_rank(c, block_id(r, i)), i);
        fill_edges(r, &local);
        ids_free(&local);
        return 0;
}

/* Which of two blocks is told first: the one with fewer edges, then the
 * older; as far as anything else can tell them apart, not by address. */
static bool starts_before(const struct ring *r, uint32_t a, uint32_t b)
{
        const struct block *x = &r->graph->snapshot->blocks[block_id(r, a)];
        const struct block *y = &r->graph->snapshot->blocks[block_id(r, b)];
        uint32_t edges_a = r->row[a + 1] - r->row[a], edges_b = r->row[b + 1] - r->row[b];

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
        r->parent[start] = NONE;
        while (head < tail) {
                uint32_t at = r->queue[head++];

                if (r->path_length && depth >= r->path_length)
                        return;
                r->work += r->row[at + 1] - r->row[at];
                for (uint32_t i = r->row[at]; i < r->row[at + 1]; i++) {
                        uint32_t next = r->to[i];

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
        uint32_t count = r->count < limit ? r->count : limit;

        for (uint32_t i = 0; i < count; i++)
                starts[i] = i;
        for (uint32_t i = count / 2; i-- > 0;)
                sift_down(r, starts, i, count);
        for (uint32_t i = count; i < r->count; i++) {
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
        uint32_t limit = r->count <= SMALL ? r->count : CANDIDATES, count;
        uint32_t *starts = mem_alloc(limit, sizeof *starts);

        if (!starts)
                return -1;
        count = choose_starts(r, starts, limit);
        if (r->edge_count == r->count) /* one way round only */
                count = 1;
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
                if (starts_before(r, r->path[i], r->path[first]))
                        first = i;
        }
        for (uint32_t i = 0; i < r->path_length; i++)
                r->queue[i] = r->path[(first + i) % r->path_length];
        memcpy(r->path, r->queue, r->path_length * sizeof *r->path);
}

/* Cuts */

/* What edges have in common that are one field of one type. */
struct likeness {
        uint64_t word;
        uint32_t stack, to_stack;
        uint64_t first, to_first;
};

static struct likeness likeness_of(const struct ring *r, uint32_t from, uint32_t edge)
{
        const struct graph *g = r->graph;
        uint64_t id = block_id(r, from), target = block_id(r, r->to[edge]);
        const struct block *block = &g->snapshot->blocks[id], *other = &g->snapshot->blocks[target];
        bool from_typed = segment_at(g->snapshot, g->scan.first[id]);
        bool to_typed = segment_at(g->snapshot, g->scan.first[target]);

        return (struct likeness){ .word = edge_word(g->scan.edges[r->edges[edge]]),
                                  .stack = block->stack,
                                  .to_stack = other->stack,
                                  .first = from_typed ? g->scan.first[id] : 0,
                                  .to_first = to_typed ? g->scan.first[target] : 0 };
}

static bool alike(const struct likeness *a, const struct likeness *b)
{
        return a->word == b->word && a->stack == b->stack && a->to_stack == b->to_stack && a->first == b->first &&
               a->to_first == b->to_first;
}

/* What is cut: an edge, or the two of a shared pointer; with `likewise`, those
 * like them too. */
struct cut {
        uint32_t edges[2];
        struct likeness like[2];
        unsigned count;
        bool likewise;
};

static bool is_cut(const struct ring *r, uint32_t from, uint32_t edge, const struct cut *cut)
{
        struct likeness here;

        for (unsigned i = 0; i < cut->count; i++) {
                if (edge == cut->edges[i])
                        return true;
        }
        if (!cut->likewise)
                return false;
        here = likeness_of(r, from, edge);
        return alike(&here, &cut->like[0]) || (cut->count > 1 && alike(&here, &cut->like[1]));
}

/* Does no cycle remain without the cut edges?  Takes away blocks that nothing
 * points at until none is left (A. Kahn, 1962). */
static bool is_acyclic_without(struct ring *r, const struct cut *cut, uint64_t *cuts)
{
        uint32_t *degree = r->seen, head = 0, tail = 0;

        memset(degree, 0, r->count * sizeof *degree);
        *cuts = 0;
        for (uint32_t i = 0; i < r->count; i++) {
                for (uint32_t j = r->row[i]; j < r->row[i + 1]; j++) {
                        bool gone = is_cut(r, i, j, cut);

                        *cuts += gone;
                        degree[r->to[j]] += !gone;
                }
        }
        for (uint32_t i = 0; i < r->count; i++) {
                if (!degree[i])
                        r->queue[tail++] = i;
        }
        while (head < tail) {
                uint32_t at = r->queue[head++];

                for (uint32_t j = r->row[at]; j < r->row[at + 1]; j++) {
                        if (!is_cut(r, at, j, cut) && !--degree[r->to[j]])
                                r->queue[tail++] = r->to[j];
                }
        }
        r->work += r->edge_count;
        return tail == r->count;
}

/* Is the first edge's target out of its source's reach without what is cut? */
static bool is_split_without(struct ring *r, uint32_t from, const struct cut *cut)
{
        uint32_t head = 0, tail = 0;

        memset(r->seen, 0, r->count * sizeof *r->seen);
        r->queue[tail++] = from;
        r->seen[from] = 1;
        while (head < tail) {
                uint32_t at = r->queue[head++];

                for (uint32_t i = r->row[at]; i < r->row[at + 1]; i++) {
                        if (is_cut(r, at, i, cut) || r->seen[r->to[i]])
                                continue;
                        if (r->to[i] == r->to[cut->edges[0]])
                                return false;
                        r->seen[r->to[i]] = 1;
                        r->queue[tail++] = r->to[i];
                }
        }
        r->work += r->edge_count;
        return true;
}

static uint32_t path_edge(const struct ring *r, uint32_t index)
{
        uint32_t from = r->path[index], to = r->path[(index + 1) % r->path_length], edge = r->row[from];

        while (r->to[edge] != to)
                edge++;
        return edge;
}

/* The cut of a step: its edge, and where that is half of a shared pointer the
 * other half, which would go with it. */
static struct cut cut_of(const struct ring *r, uint32_t index, const struct group_step *step)
{
        uint32_t from = r->path[index], edge = path_edge(r, index);
        uint64_t lead = block_lead(&r->graph->snapshot->blocks[step->block]);
        struct cut cut = { .edges = { edge }, .like = { likeness_of(r, from, edge) }, .count = 1 };

        for (uint32_t i = r->row[from]; step->counted && i < r->row[from + 1]; i++) {
                uint64_t offset = lead + 8 * edge_word(r->graph->scan.edges[r->edges[i]]);

                if (i == edge || (offset != step->member && offset != step->member + 8))
                        continue;
                cut.edges[1] = i;
                cut.like[1] = likeness_of(r, from, i);
                cut.count = 2;
        }
        return cut;
}

static enum break_how judge_cut(struct ring *r, uint32_t index, struct group_step *step)
{
        struct cut cut = cut_of(r, index, step);

        step->alike = cut.count;
        if (r->edge_count == r->count) /* one way round only */
                return BREAK_ALL;
        if (r->work > BREAK_WORK)
                return BREAK_NOTHING;
        if (is_acyclic_without(r, &cut, &step->alike))
                return BREAK_ALL;
        cut.likewise = true;
        if (is_acyclic_without(r, &cut, &step->alike))
                return BREAK_ALIKE;
        cut.likewise = false;
        step->alike = cut.count;
        return is_split_without(r, r->path[index], &cut) ? BREAK_SPLIT : BREAK_NOTHING;
}

static struct group_step step_of(struct ring *r, uint32_t index)
{
        const struct graph *g = r->graph;
        uint64_t id = block_id(r, r->path[index]);
        edge_t edge = g->scan.edges[r->edges[path_edge(r, index)]];

        struct group_step step = { .block = id,
                                   .to = edge_target(edge),
                                   .strength = edge_strength(edge),
                                   .offset = block_lead(&g->snapshot->blocks[id]) + 8 * edge_word(edge) };

        step.vtable = vtable_of(r->vtables, g->scan.first[id]);
        counted_find(g, r->vtables, &step);
        return step;
}

/* Puts the step among the others: by what it does, then as the path goes. */
static void add_break(struct group_cycle *cycle, const struct group_step *step)
{
        size_t at = cycle->break_at_count;

        if (at == RING_BREAKS) {
                if (cycle->break_at[at - 1].how <= step->how)
                        return;
                at--;
        } else {
                cycle->break_at_count++;
        }
        for (; at > 0 && cycle->break_at[at - 1].how > step->how; at--)
                cycle->break_at[at] = cycle->break_at[at - 1];
        cycle->break_at[at] = *step;
}

static int tell_path(struct ring *r, struct group_cycle *cycle, struct group_arena **arena)
{
        cycle->length = r->path_length;
        cycle->path_count = r->path_length < RING_PATH ? r->path_length : RING_PATH;
        cycle->path = arena_alloc(arena, cycle->path_count, sizeof *cycle->path);
        cycle->break_at = arena_alloc(arena, RING_BREAKS, sizeof *cycle->break_at);
        if (!cycle->path || !cycle->break_at)
                return -1;
        r->work = 0;
        for (uint32_t i = 0; i < cycle->path_count; i++) {
                struct group_step step = step_of(r, i);

                cycle->path[i] = step;
                step.how = judge_cut(r, i, &step);
                if (step.how != BREAK_NOTHING)
                        add_break(cycle, &step);
        }
        return 0;
}

int ring_tell(const struct graph *graph, struct vtables *vtables, uint64_t id, struct group *group,
              struct group_arena **arena)
{
        struct ring r = { .graph = graph, .vtables = vtables, .component = components_of(&graph->components, id) };
        uint64_t size = components_size(&graph->components, r.component), edges = count_edges(&r, size);
        int status;

        group->cycle = arena_alloc(arena, 1, sizeof *group->cycle);
        if (!group->cycle)
                return -1;
        group->cycle->blocks = size;
        group->cycle->edges = edges;
        if (size >= NONE || edges >= NONE) /* counted only */
                return 0;
        r.count = (uint32_t)size;
        r.edge_count = (uint32_t)edges;
        if (ring_init(&r))
                return -1;
        status = find_path(&r);
        if (!status) {
                turn_path(&r);
                status = tell_path(&r, group->cycle, arena);
        }
        ring_free(&r);
        return status;
}
