#include "holding.h"

#include "../graph/paths.h"
#include "../graph/vtable.h"
#include "../mem.h"
#include "findings.h"
#include "naming.h"
#include "typing.h"

#include <string.h>

enum {
        PATH_MAX_STEPS = 1000, /* told of a path: both ends of a longer one */
        TREE_STEPS = 60,
        TREE_DEPTH = 6,
};

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
            !typing_block(&typing, &known, &out->type) &&
            !name_stack(of->memory, of->symbols, of->process, block->stack, &stack))
                status = name_site(of->memory, &stack, &out->site);
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

/* The trail the right way round, in words. */
static int tell_path(const struct holding_of *of, const struct trail *trail, struct holding *out)
{
        size_t count = trail->count < PATH_MAX_STEPS ? trail->count : PATH_MAX_STEPS;

        out->path = report_array(of->memory, count, sizeof *out->path);
        if (!out->path)
                return -1;
        for (size_t i = 0; i < count; i++) {
                /* Of a path that is too long the end at the block is left out. */
                const struct confidence_step *step = &trail->steps[trail->count - 1 - i];

                out->path[i].offset = step->offset;
                out->path[i].strength = step->strength;
                if ((step->root && tell_root(of, step, &out->root)) || describe(of, step->to, &out->path[i].block))
                        return -1;
        }
        out->count = count;
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

static bool was_met(const uint64_t *met, size_t count, uint64_t id)
{
        for (size_t i = 0; i < count; i++)
                if (met[i] == id)
                        return true;
        return false;
}

static struct branch branch_of(const struct graph *graph, uint64_t id)
{
        struct branch branch = { .id = id };

        branch.edges = scan_edges(&graph->scan, id, &branch.count);
        return branch;
}

static int find_tree(const struct holding_of *of, uint64_t id, struct holding *out)
{
        struct branch stack[TREE_DEPTH];
        uint64_t met[TREE_STEPS + 1];
        unsigned depth = 1;

        out->tree = report_array(of->memory, TREE_STEPS, sizeof *out->tree);
        if (!out->tree)
                return -1;
        met[0] = id;
        stack[0] = branch_of(of->graph, id);
        while (depth) {
                struct branch *branch = &stack[depth - 1];
                struct holding_step *step = &out->tree[out->tree_count];
                struct branch below;

                if (branch->next == branch->count) {
                        depth--;
                        continue;
                }
                if (out->tree_count == TREE_STEPS) {
                        out->cut = true;
                        break;
                }
                edge_t edge = branch->edges[branch->next++];

                step->offset = block_lead(&of->graph->snapshot->blocks[branch->id]) + 8 * edge_word(edge);
                step->strength = edge_strength(edge);
                step->depth = depth;
                step->again = was_met(met, out->tree_count + 1, edge_target(edge));
                if (describe(of, edge_target(edge), &step->block))
                        return -1;
                met[++out->tree_count] = edge_target(edge);
                below = branch_of(of->graph, edge_target(edge));
                if (step->again || !below.count)
                        continue;
                if (depth == TREE_DEPTH)
                        out->cut = true;
                else
                        stack[depth++] = below;
        }
        return 0;
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
