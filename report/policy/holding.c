#include "holding.h"

#include "../graph/paths.h"
#include "../graph/vtable.h"
#include "../mem.h"
#include "findings.h"
#include "naming.h"
#include "typing.h"

#include <string.h>

/* ---- blocks ----------------------------------------------------------------- */

static int describe(const struct holding_of *of, uint64_t id, struct holding_block *out)
{
        const struct snapshot *snapshot = of->graph->snapshot;
        const struct block *block = &snapshot->blocks[id];
        struct vtables vtables = { .snapshot = snapshot };
        struct typing typing = { .report = of->memory, .symbols = of->symbols, .process = of->process };
        struct finding_block known = { .stack = block->stack, .size = block->size };
        struct named_stack stack;
        int status = -1;

        *out = (struct holding_block){
                .address = block->address,
                .size = block->size,
                .kind = graph_kind(of->graph, id),
                .inherited = !graph_reported(of->graph, id),
        };
        if (!findings_place(of->memory, snapshot, vtable_of(&vtables, of->graph->scan.first[id]), &known.vtable) &&
            !typing_block(&typing, &known, &out->type) && !typing_likely(&typing, &known, &out->likely_type) &&
            !name_stack(of->memory, of->symbols, of->process, block->stack, &stack))
                status = name_site(of->memory, &stack, &out->site);
        typing_deinit(&typing);
        vtables_free(&vtables);
        return status;
}

/* The member of block `id` at an offset; NULL = unknown. */
static int name_member(const struct holding_of *of, uint64_t id, uint64_t offset, const char **field)
{
        const struct snapshot *snapshot = of->graph->snapshot;
        struct vtables vtables = { .snapshot = snapshot };
        struct typing typing = { .report = of->memory, .symbols = of->symbols, .process = of->process };
        struct finding_block known = { .stack = snapshot->blocks[id].stack, .size = snapshot->blocks[id].size };
        int status = findings_place(of->memory, snapshot, vtable_of(&vtables, of->graph->scan.first[id]), &known.vtable);

        if (!status)
                status = typing_field(&typing, &known, offset, field);
        typing_deinit(&typing);
        vtables_free(&vtables);
        return status;
}

/* ---- paths ------------------------------------------------------------------ */

/* A path from its end to its start, as it is found. */
struct trail {
        struct confidence_step *steps;
        size_t count, capacity;
};

static int trail_add(struct trail *trail, const struct confidence_step *step)
{
        if (mem_grow(&trail->steps, &trail->capacity, trail->count + 1, sizeof *trail->steps))
                return -1;
        trail->steps[trail->count++] = *step;
        return 0;
}

static int trail_from_root(const struct graph *graph, uint64_t id, struct trail *trail)
{
        struct confidence_step step;
        struct paths paths;
        int status = paths_init(&paths, graph);

        while (!status && paths_step(&paths, id, &step)) {
                status = trail_add(trail, &step);
                if (step.root)
                        break;
                id = step.from;
        }
        paths_free(&paths);
        return status;
}

/* Lost blocks, breadth first from the heads of their leaks. */
struct walk {
        const struct graph *graph;
        uint64_t *before; /* of each block the one that points at it + 1; itself + 1 for a head; 0 = not met */
        uint64_t *queue;
        uint64_t queued;
};

static void walk_heads(struct walk *walk)
{
        const struct components *c = &walk->graph->components;

        for (uint64_t i = 0; i < walk->graph->owners.source_count; i++) {
                /* Of a cycle any member does; the first is the same in every analysis of one heap. */
                uint64_t head = components_member(c, walk->graph->owners.sources[i].component, 0);

                walk->before[head] = head + 1;
                walk->queue[walk->queued++] = head;
        }
}

static void walk_to(struct walk *walk, uint64_t id)
{
        walk_heads(walk);
        for (uint64_t done = 0; done < walk->queued && !walk->before[id]; done++) {
                uint64_t from = walk->queue[done], count;
                const edge_t *edges = scan_edges(&walk->graph->scan, from, &count);

                for (uint64_t i = 0; i < count; i++) {
                        uint64_t to = edge_target(edges[i]);

                        if (!components_edge(&walk->graph->components, edges[i]) || walk->before[to])
                                continue;
                        walk->before[to] = from + 1;
                        walk->queue[walk->queued++] = to;
                }
        }
}

static struct confidence_step step_between(const struct graph *graph, uint64_t from, uint64_t to)
{
        struct confidence_step step = { .from = from, .to = to };
        uint64_t count;
        const edge_t *edges = scan_edges(&graph->scan, from, &count);

        for (uint64_t i = 0; i < count; i++) {
                if (edge_target(edges[i]) != to)
                        continue;
                step.offset = block_lead(&graph->snapshot->blocks[from]) + 8 * edge_word(edges[i]);
                step.strength = edge_strength(edges[i]);
        }
        return step;
}

/* From the head of a leak. */
static int trail_from_head(const struct graph *graph, uint64_t id, struct trail *trail)
{
        struct walk walk = { .graph = graph };
        size_t blocks = graph->snapshot->block_count;
        int status = 0;

        walk.before = mem_alloc(blocks, sizeof *walk.before);
        walk.queue = mem_alloc(blocks, sizeof *walk.queue);
        if (!walk.before || !walk.queue)
                status = -1;
        else
                walk_to(&walk, id);
        while (!status && walk.before[id] && walk.before[id] != id + 1) {
                struct confidence_step step = step_between(graph, walk.before[id] - 1, id);

                status = trail_add(trail, &step);
                id = step.from;
        }
        mem_free(walk.before);
        mem_free(walk.queue);
        return status;
}

static int tell_root(const struct holding_of *of, const struct confidence_step *step, const char **text)
{
        return name_root(of->memory, of->symbols, of->process, of->graph->snapshot, step->from, step->offset, text);
}

static int tell_step(const struct holding_of *of, const struct confidence_step *step, struct holding *out,
                     struct holding_step *to)
{
        to->offset = step->offset;
        to->strength = step->strength;
        if (step->root ? tell_root(of, step, &out->root) : name_member(of, step->from, step->offset, &to->field))
                return -1;
        return describe(of, step->to, &to->block);
}

/* The trail the right way round, in words; of a long one both ends. */
static int tell_path(const struct holding_of *of, const struct trail *trail, struct holding *out)
{
        size_t half = of->limit > 1 ? of->limit / 2 : 1;

        out->path_more = of->limit && trail->count > 2 * half ? trail->count - 2 * half : 0;
        out->path = report_array(of->memory, trail->count - out->path_more, sizeof *out->path);
        if (!out->path)
                return -1;
        for (size_t i = 0; i < trail->count; i++) {
                if (out->path_more && i >= half && i < half + out->path_more)
                        continue;
                if (tell_step(of, &trail->steps[trail->count - 1 - i], out, &out->path[out->count]))
                        return -1;
                out->count++;
        }
        return 0;
}

static int find_path(const struct holding_of *of, uint64_t id, struct holding *out)
{
        struct trail trail = { 0 };
        uint64_t head;
        int status;

        if (graph_confidence(of->graph, id) != STRENGTH_NONE)
                status = trail_from_root(of->graph, id, &trail);
        else
                status = trail_from_head(of->graph, id, &trail);
        if (!status)
                status = tell_path(of, &trail, out);
        head = trail.count ? trail.steps[trail.count - 1].from : id;
        if (!status && !out->root)
                status = describe(of, head, &out->head);
        mem_free(trail.steps);
        return status;
}

/* ---- trees ------------------------------------------------------------------ */

struct branch {
        uint64_t id;
        const edge_t *edges;
        uint64_t count, next;
};

static struct branch branch_of(const struct graph *graph, uint64_t id)
{
        struct branch branch = { .id = id };

        branch.edges = scan_edges(&graph->scan, id, &branch.count);
        return branch;
}

/* A tree while it grows. */
struct growth {
        const struct holding_of *of;
        uint64_t *met; /* of each block a bit: it is in the tree */
        struct branch *branches;
        size_t depth, branch_capacity;
        struct holding_step *steps;
        size_t count, capacity;
};

/* Marks the block; true when it was marked before. */
static bool meet(uint64_t *met, uint64_t id)
{
        bool before = met[id / 64] >> id % 64 & 1;

        met[id / 64] |= 1ull << id % 64;
        return before;
}

static int add_step(struct growth *g, const struct branch *from, edge_t edge)
{
        const struct block *block = &g->of->graph->snapshot->blocks[from->id];
        struct holding_step *step;
        struct branch below;

        if (mem_grow(&g->steps, &g->capacity, g->count + 1, sizeof *g->steps))
                return -1;
        step = &g->steps[g->count++];
        *step = (struct holding_step){
                .offset = block_lead(block) + 8 * edge_word(edge),
                .strength = edge_strength(edge),
                .depth = (unsigned)g->depth,
                .again = meet(g->met, edge_target(edge)),
        };
        if (describe(g->of, edge_target(edge), &step->block) ||
            name_member(g->of, from->id, step->offset, &step->field))
                return -1;
        below = branch_of(g->of->graph, edge_target(edge));
        if (step->again || !below.count || (g->of->depth && g->depth >= g->of->depth))
                return 0;
        if (mem_grow(&g->branches, &g->branch_capacity, g->depth + 1, sizeof *g->branches))
                return -1;
        g->branches[g->depth++] = below;
        return 0;
}

static int grow_tree(struct growth *g, uint64_t id)
{
        if (mem_grow(&g->branches, &g->branch_capacity, 1, sizeof *g->branches))
                return -1;
        (void)meet(g->met, id);
        g->branches[g->depth++] = branch_of(g->of->graph, id);
        while (g->depth && (!g->of->limit || g->count < g->of->limit)) {
                struct branch *branch = &g->branches[g->depth - 1];

                if (branch->next == branch->count) {
                        g->depth--;
                } else {
                        const struct branch from = *branch;

                        branch->next++;
                        if (add_step(g, &from, from.edges[from.next]))
                                return -1;
                }
        }
        return 0;
}

/* What the tree leads to and does not show. */
static int count_left(struct growth *g, uint64_t id, struct holding *out)
{
        const struct graph *graph = g->of->graph;
        uint64_t *seen = mem_alloc(graph->snapshot->block_count / 64 + 1, sizeof *seen);
        uint64_t *queue = NULL, queued = 0;
        size_t capacity = 0;
        int status = seen ? mem_grow(&queue, &capacity, 1, sizeof *queue) : -1;

        if (!status) {
                (void)meet(seen, id);
                queue[queued++] = id;
        }
        while (!status && queued) {
                uint64_t from = queue[--queued], count;
                const edge_t *edges = scan_edges(&graph->scan, from, &count);

                if (!(g->met[from / 64] >> from % 64 & 1)) {
                        out->left_blocks++;
                        out->left_bytes += graph->snapshot->blocks[from].size;
                }
                for (uint64_t i = 0; i < count && !status; i++) {
                        if (meet(seen, edge_target(edges[i])))
                                continue;
                        status = mem_grow(&queue, &capacity, queued + 1, sizeof *queue);
                        if (!status)
                                queue[queued++] = edge_target(edges[i]);
                }
        }
        mem_free(seen);
        mem_free(queue);
        return status;
}

static int find_tree(const struct holding_of *of, uint64_t id, struct holding *out)
{
        struct growth g = { .of = of };
        int status = -1;

        g.met = mem_alloc(of->graph->snapshot->block_count / 64 + 1, sizeof *g.met);
        if (g.met && !grow_tree(&g, id) && !count_left(&g, id, out)) {
                out->tree = report_array(of->memory, g.count, sizeof *out->tree);
                out->tree_count = g.count;
                status = out->tree ? 0 : -1;
        }
        if (!status && g.count)
                memcpy(out->tree, g.steps, g.count * sizeof *out->tree);
        mem_free(g.met);
        mem_free(g.branches);
        mem_free(g.steps);
        return status;
}

int holding_find(const struct holding_of *of, uint64_t address, struct holding *out, struct error *e)
{
        struct pointee hit = pointers_find(&of->graph->pointers, address);

        *out = (struct holding){ 0 };
        if (hit.inside == ID_NONE)
                return 0;
        out->into = hit.offset;
        if (describe(of, hit.inside, &out->block) || find_path(of, hit.inside, out) || find_tree(of, hit.inside, out))
                return error_no_memory(e, "looking for what holds a block");
        return 1;
}
