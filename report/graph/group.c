#include "group.h"

#include "arena.h"
#include "example.h"
#include "ownerset.h"
#include "paths.h"
#include "piles.h"
#include "ring.h"
#include "shape.h"
#include "weak.h"
#include "weigh.h"

struct builder {
        const struct graph *graph;
        struct group_options options;
        struct groups *groups;
        struct vtables vtables;
        struct shapes shapes;
        struct ownersets owners;
        struct paths paths; /* made when a weak link is to be told */
        struct piles piles;
        uint32_t *source_groups; /* of each source its pile */
        struct weight *large;    /* of each large cycle, in the order of sources */
        size_t large_count, large_capacity, large_at;
};

/* Sources */

static uint64_t block_vtable(struct builder *b, uint64_t id)
{
        return vtable_of(&b->vtables, b->graph->scan.first[id]);
}

/* Of a large cycle; found the first time, and kept. */
static int weigh_large_once(struct builder *b, uint64_t component, uint64_t size, struct weight *best)
{
        if (b->large_at == b->large_count) {
                if (mem_grow(&b->large, &b->large_capacity, b->large_count + 1, sizeof *b->large) ||
                    weigh_large(b->graph, &b->vtables, component, size, &b->large[b->large_count]))
                        return -1;
                b->large_count++;
        }
        *best = b->large[b->large_at++];
        return 0;
}

/* Kind, stack and type of a source; asked of all sources in turn. */
static int weigh(struct builder *b, uint64_t source, struct group *like)
{
        uint64_t component = b->graph->owners.sources[source].component;
        uint64_t size = components_size(&b->graph->components, component);
        struct weight weight = { 0 };

        if (size <= SMALL_CYCLE)
                weigh_small(b->graph, &b->vtables, component, size, &weight);
        else if (weigh_large_once(b, component, size, &weight))
                return -1;
        *like = (struct group){ .kind = size > 1 ? KIND_CYCLE : KIND_DEFINITE,
                                .stack = (uint32_t)weight.stack,
                                .vtable = weight.vtable };
        return 0;
}

static int find_shapes(struct builder *b)
{
        for (uint64_t source = 0; source < b->graph->owners.source_count; source++) {
                struct group like;
                uint64_t type;

                if (weigh(b, source, &like))
                        return -1;
                type = vtable_identity(b->graph->snapshot, like.vtable);
                if (shapes_place(&b->shapes, source, hash_mix(hash_mix(like.kind, like.stack), type)))
                        return -1;
        }
        b->large_at = 0;
        return shapes_join(&b->shapes);
}

static int add_source(struct builder *b, uint64_t source)
{
        const struct components *c = &b->graph->components;
        uint64_t component = b->graph->owners.sources[source].component, size = components_size(c, component);
        struct group like;
        size_t index;

        if (weigh(b, source, &like))
                return -1;
        like.shape = shapes_of(&b->shapes, source);
        index = piles_find(&b->piles, &like, 0);
        if (index == SIZE_MAX)
                return -1;
        b->source_groups[source] = (uint32_t)index;
        b->piles.list[index].group.instances++;
        b->groups->cycles += size > 1;
        for (uint64_t i = 0; i < size; i++) {
                components_fetch_block(c, b->graph->snapshot->blocks, component, i);
                if (piles_add(&b->piles, index, components_member(c, component, i)))
                        return -1;
        }
        return 0;
}

static int add_sources(struct builder *b)
{
        b->source_groups = mem_alloc(b->graph->owners.source_count, sizeof *b->source_groups);
        if (!b->source_groups || find_shapes(b))
                return -1;
        for (uint64_t source = 0; source < b->graph->owners.source_count; source++) {
                if (add_source(b, source))
                        return -1;
        }
        return 0;
}

/* Numbers the leaks' groups for the owner sets, which keep the first few. */
static int order_sources(struct builder *b)
{
        uint32_t *places;

        if (piles_order(&b->piles, &places))
                return -1;
        for (uint64_t i = 0; i < b->graph->owners.source_count; i++)
                b->source_groups[i] = places[b->source_groups[i]];
        mem_free(places);
        return 0;
}

/* Everything else */

static int add_indirect(struct builder *b, uint64_t component)
{
        const struct components *c = &b->graph->components;

        for (uint64_t i = 0; i < components_size(c, component); i++) {
                uint64_t id = components_member(c, component, i);
                struct group like = { .kind = KIND_INDIRECT,
                                      .stack = b->graph->snapshot->blocks[id].stack,
                                      .vtable = block_vtable(b, id) };
                size_t index = piles_find(&b->piles, &like, b->owners.of[component]);

                components_fetch_first(c, &b->graph->scan, component, i);
                if (index == SIZE_MAX || piles_add(&b->piles, index, id))
                        return -1;
        }
        return 0;
}

/* What only the group reaches, though several of its heads do. */
static void add_exclusive(struct builder *b, uint64_t component)
{
        const struct components *c = &b->graph->components;
        uint64_t size = components_size(c, component), bytes = 0;
        const struct block *blocks = b->graph->snapshot->blocks;
        uint32_t set = b->owners.of[component];

        for (uint64_t i = 0; i < size; i++) {
                components_fetch_block(c, blocks, component, i);
                bytes += blocks[components_member(c, component, i)].size;
        }
        if (set < b->owners.groups) {
                b->piles.list[set].group.exclusive_blocks += size;
                b->piles.list[set].group.exclusive_bytes += bytes;
        } else {
                b->groups->shared_blocks += size;
                b->groups->shared_bytes += bytes;
        }
}

static int add_lost(struct builder *b)
{
        const struct owners *owners = &b->graph->owners;

        if (ownersets_init(&b->owners, b->graph, b->source_groups, (uint32_t)b->piles.count))
                return -1;
        for (uint64_t component = 0; component < b->graph->components.count; component++) {
                add_exclusive(b, component);
                if (!owners_is_source(owners, component) && add_indirect(b, component))
                        return -1;
        }
        return 0;
}

static int add_held_block(struct builder *b, uint64_t id)
{
        const struct block *block = &b->graph->snapshot->blocks[id];
        struct group like = { .kind = graph_kind(b->graph, id), .stack = block->stack };
        struct report_kind *sums = &b->groups->kinds[KIND_REACHABLE];
        size_t index;

        if (like.kind == KIND_REACHABLE) {
                sums->blocks++;
                sums->bytes += block->size;
                if (!b->options.reachable)
                        return 0;
        } else {
                like.weak_strength = graph_confidence(b->graph, id);
        }
        like.vtable = block_vtable(b, id);
        index = piles_find(&b->piles, &like, 0);
        return index == SIZE_MAX ? -1 : piles_add(&b->piles, index, id);
}

static int add_held(struct builder *b)
{
        for (uint64_t id = 0; id < b->graph->snapshot->block_count; id++) {
                if (graph_confidence(b->graph, id) && graph_reported(b->graph, id) && add_held_block(b, id))
                        return -1;
        }
        return 0;
}

/* Finishing */

static int fill_owners(struct builder *b, struct group *group, uint32_t owners, const uint32_t *places)
{
        struct ownerset set = ownersets_get(&b->owners, owners);

        group->owners = arena_alloc(&b->groups->arena, set.count, sizeof *group->owners);
        if (!group->owners)
                return -1;
        for (uint32_t i = 0; i < set.count; i++) {
                size_t at = group->owner_count++, owner = places[set.members[i]];

                for (; at > 0 && group->owners[at - 1] > owner; at--)
                        group->owners[at] = group->owners[at - 1];
                group->owners[at] = owner;
        }
        group->owner_total = set.count + set.more;
        return 0;
}

static int fill_tallies(struct builder *b, size_t index)
{
        struct group *group = &b->groups->list[index];
        size_t sizes = tally_find(&b->piles.sizes, index), threads = tally_find(&b->piles.threads, index);

        group->size_count = tally_find(&b->piles.sizes, index + 1) - sizes;
        group->thread_count = tally_find(&b->piles.threads, index + 1) - threads;
        group->sizes = arena_alloc(&b->groups->arena, group->size_count, sizeof *group->sizes);
        group->threads = arena_alloc(&b->groups->arena, group->thread_count, sizeof *group->threads);
        if (!group->sizes || !group->threads)
                return -1;
        for (size_t i = 0; i < group->size_count; i++)
                group->sizes[i] = (struct group_size){ .size = b->piles.sizes.entries[sizes + i].minor,
                                                       .blocks = b->piles.sizes.entries[sizes + i].count };
        for (size_t i = 0; i < group->thread_count; i++)
                group->threads[i] = (uint32_t)b->piles.threads.entries[threads + i].minor;
        return 0;
}

static int tell_weak_link(struct builder *b, uint64_t id, struct group *group)
{
        if (!b->paths.graph && paths_init(&b->paths, b->graph))
                return -1;
        return weak_tell(&b->paths, id, group, &b->groups->arena);
}

static int fill_group(struct builder *b, size_t index, const uint32_t *places)
{
        struct pile *pile = &b->piles.list[index];
        struct group *group = &b->groups->list[index];
        struct group_arena **arena = &b->groups->arena;

        *group = pile->group;
        if (group->kind != KIND_DEFINITE && group->kind != KIND_CYCLE)
                group->instances = group->blocks;
        if (group->kind == KIND_INDIRECT && fill_owners(b, group, pile->owners, places))
                return -1;
        if (group->kind == KIND_POSSIBLE && pile->example_count && tell_weak_link(b, pile->examples[0], group))
                return -1;
        if (group->kind == KIND_CYCLE && pile->example_count &&
            ring_tell(b->graph, &b->vtables, pile->examples[0], group, arena))
                return -1;
        group->example_count = pile->example_count;
        group->examples = arena_alloc(arena, group->example_count, sizeof *group->examples);
        if (!group->examples)
                return -1;
        for (size_t i = 0; i < group->example_count; i++)
                group->examples[i].block = pile->examples[i];
        if (group->kind != KIND_REACHABLE) {
                b->groups->kinds[group->kind].blocks += group->blocks;
                b->groups->kinds[group->kind].bytes += group->bytes;
        }
        b->groups->kinds[group->kind].groups++;
        return fill_tallies(b, index);
}

static int finish(struct builder *b)
{
        uint32_t *places;
        size_t count = b->piles.count;
        int status = 0;

        if (piles_order(&b->piles, &places))
                return -1;
        tally_sort(&b->piles.sizes);
        tally_sort(&b->piles.threads);
        b->groups->list = arena_alloc(&b->groups->arena, count, sizeof *b->groups->list);
        if (!b->groups->list)
                status = -1;
        for (size_t i = 0; i < count && !status; i++)
                status = fill_group(b, i, places);
        b->groups->count = count;
        mem_free(places);
        return status ? status : examples_fill(b->graph, b->groups, &b->vtables, b->options.references);
}

static void builder_free(struct builder *b)
{
        vtables_free(&b->vtables);
        shapes_free(&b->shapes);
        ownersets_free(&b->owners);
        paths_free(&b->paths);
        piles_free(&b->piles);
        mem_free(b->source_groups);
        mem_free(b->large);
}

int groups_build(struct groups *groups, const struct graph *graph, const struct group_options *options, struct error *e)
{
        struct builder b = {
                .graph = graph,
                .groups = groups,
                .vtables = { .snapshot = graph->snapshot },
                .options = options ? *options : (struct group_options){ 0 },
        };
        int status = -1;

        if (!b.options.examples)
                b.options.examples = 3;
        if (!b.options.references)
                b.options.references = 8;
        *groups = (struct groups){ 0 };
        b.piles = (struct piles){ .blocks = graph->snapshot->blocks,
                                  .examples = b.options.examples,
                                  .arena = &groups->arena };
        if (!shapes_init(&b.shapes, graph, &b.vtables) && !add_sources(&b) && !order_sources(&b) && !add_lost(&b) &&
            !add_held(&b))
                status = finish(&b);
        builder_free(&b);
        if (status) {
                groups_release(groups);
                return error_no_memory(e, "grouping the leaks");
        }
        return 0;
}

void groups_release(struct groups *groups)
{
        arena_free(&groups->arena);
        *groups = (struct groups){ 0 };
}
