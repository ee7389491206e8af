#include "group.h"

#include "arena.h"
#include "example.h"
#include "ownerset.h"
#include "paths.h"
#include "ring.h"
#include "shape.h"
#include "tally.h"
#include "weak.h"
#include "weigh.h"

#include <stdlib.h>

/* A group being made. */
struct draft {
        struct group group;
        uint64_t *examples; /* ids of the blocks that come first, in order */
        size_t example_count;
        uint32_t owners; /* indirect: a set */
        uint32_t place;  /* once they are ordered */
};

struct builder {
        const struct graph *graph;
        struct group_options options;
        struct groups *groups;
        struct vtables vtables;
        struct shapes shapes;
        struct ownersets owners;
        struct paths paths; /* made when a weak link is to be told */
        struct draft *drafts;
        size_t count, capacity;
        struct table keys;       /* -> index in drafts */
        uint32_t *source_groups; /* of each source its draft */
        struct weight *large;    /* of each large cycle, in the order of sources */
        size_t large_count, large_capacity, large_at;
        struct tally sizes, threads; /* by draft */
};

/* The order in which blocks are examples: the first allocated; where times
 * are equal, whatever does not depend on addresses comes first. */
static bool block_before(const struct block *a, const struct block *b)
{
        if (a->time_ns != b->time_ns)
                return a->time_ns < b->time_ns;
        if (a->thread != b->thread)
                return a->thread < b->thread;
        if (a->stack != b->stack)
                return a->stack < b->stack;
        if (a->size != b->size)
                return a->size < b->size;
        return a->address < b->address;
}

/* Drafts */

static bool is_draft(const struct draft *draft, const struct group *like, uint32_t owners)
{
        const struct group *group = &draft->group;

        return group->kind == like->kind && group->stack == like->stack && group->vtable == like->vtable &&
               group->shape == like->shape && group->weak_strength == like->weak_strength && draft->owners == owners;
}

/* The draft of the group with these keys, made when there is none; SIZE_MAX
 * without memory. */
static size_t draft_of(struct builder *b, const struct group *like, uint32_t owners)
{
        uint64_t key = hash_mix(hash_mix(like->kind, like->stack), hash_mix(like->vtable, like->shape));

        for (key = hash_mix(key, hash_mix(like->weak_strength, owners));; key++) {
                bool fresh;
                uint64_t *slot = table_put(&b->keys, key, &fresh);

                if (!slot)
                        return SIZE_MAX;
                if (!fresh && *slot < b->count && is_draft(&b->drafts[*slot], like, owners))
                        return *slot;
                if (!fresh)
                        continue;
                if (b->count >= UINT32_MAX / 2 || mem_grow(&b->drafts, &b->capacity, b->count + 1, sizeof *b->drafts))
                        return SIZE_MAX;
                *slot = b->count;
                b->drafts[b->count] = (struct draft){ .group = *like, .owners = owners };
                b->drafts[b->count].group.first_ns = UINT64_MAX;
                return b->count++;
        }
}

static int add_example(struct builder *b, struct draft *draft, uint64_t id)
{
        const struct block *blocks = b->graph->snapshot->blocks;
        size_t at = draft->example_count;

        if (!draft->examples) {
                draft->examples = arena_alloc(&b->groups->arena, b->options.examples, sizeof *draft->examples);
                if (!draft->examples)
                        return -1;
        }
        if (at == b->options.examples && (!at || !block_before(&blocks[id], &blocks[draft->examples[at - 1]])))
                return 0;
        if (at < b->options.examples)
                draft->example_count++;
        else
                at--;
        for (; at > 0 && block_before(&blocks[id], &blocks[draft->examples[at - 1]]); at--)
                draft->examples[at] = draft->examples[at - 1];
        draft->examples[at] = id;
        return 0;
}

static int add_block(struct builder *b, size_t index, uint64_t id)
{
        const struct block *block = &b->graph->snapshot->blocks[id];
        struct draft *draft = &b->drafts[index];
        struct group *group = &draft->group;

        group->blocks++;
        group->bytes += block->size;
        if (block->time_ns < group->first_ns)
                group->first_ns = block->time_ns;
        if (block->time_ns > group->last_ns)
                group->last_ns = block->time_ns;
        if (tally_add(&b->sizes, index, block->size, 0) || tally_add(&b->threads, index, block->thread, 0))
                return -1;
        return add_example(b, draft, id);
}

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
        index = draft_of(b, &like, 0);
        if (index == SIZE_MAX)
                return -1;
        b->source_groups[source] = (uint32_t)index;
        b->drafts[index].group.instances++;
        b->groups->cycles += size > 1;
        for (uint64_t i = 0; i < size; i++) {
                components_fetch_block(c, b->graph->snapshot->blocks, component, i);
                if (add_block(b, index, components_member(c, component, i)))
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

/* Order */

static int compare_u64(uint64_t a, uint64_t b)
{
        return a < b ? -1 : a > b;
}

/* Greatest first; no addresses. */
static int compare_drafts(const void *left, const void *right)
{
        const struct group *a = &((const struct draft *)left)->group, *b = &((const struct draft *)right)->group;
        int order = compare_u64(a->kind, b->kind);

        order = order ? order : compare_u64(b->exclusive_bytes, a->exclusive_bytes);
        order = order ? order : compare_u64(b->bytes, a->bytes);
        order = order ? order : compare_u64(b->blocks, a->blocks);
        order = order ? order : compare_u64(a->first_ns, b->first_ns);
        order = order ? order : compare_u64(a->stack, b->stack);
        order = order ? order : compare_u64(a->weak_strength, b->weak_strength);
        order = order ? order : compare_u64(a->shape, b->shape);
        return order ? order : compare_u64(((const struct draft *)left)->owners, ((const struct draft *)right)->owners);
}

/* Sorts the drafts; says in `places`, by their old numbers, where they went. */
static int order_drafts(struct builder *b, uint32_t **places)
{
        *places = mem_alloc(b->count, sizeof **places);
        if (!*places)
                return -1;
        for (size_t i = 0; i < b->count; i++)
                b->drafts[i].place = (uint32_t)i;
        if (b->count)
                qsort(b->drafts, b->count, sizeof *b->drafts, compare_drafts);
        for (size_t i = 0; i < b->count; i++)
                (*places)[b->drafts[i].place] = (uint32_t)i;
        return 0;
}

static void renumber(struct tally *tally, const uint32_t *places)
{
        table_free(&tally->places);
        tally->last = SIZE_MAX;
        for (size_t i = 0; i < tally->count; i++)
                tally->entries[i].major = places[tally->entries[i].major];
}

/* Numbers the leaks' groups for the owner sets, which keep the first few. */
static int order_sources(struct builder *b)
{
        uint32_t *places;

        if (order_drafts(b, &places))
                return -1;
        for (uint64_t i = 0; i < b->graph->owners.source_count; i++)
                b->source_groups[i] = places[b->source_groups[i]];
        renumber(&b->sizes, places);
        renumber(&b->threads, places);
        table_free(&b->keys);
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
                size_t index = draft_of(b, &like, b->owners.of[component]);

                components_fetch_first(c, &b->graph->scan, component, i);
                if (index == SIZE_MAX || add_block(b, index, id))
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
                b->drafts[set].group.exclusive_blocks += size;
                b->drafts[set].group.exclusive_bytes += bytes;
        } else {
                b->groups->shared_blocks += size;
                b->groups->shared_bytes += bytes;
        }
}

static int add_lost(struct builder *b)
{
        const struct owners *owners = &b->graph->owners;

        if (ownersets_init(&b->owners, b->graph, b->source_groups, (uint32_t)b->count))
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
        index = draft_of(b, &like, 0);
        return index == SIZE_MAX ? -1 : add_block(b, index, id);
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
        size_t sizes = tally_find(&b->sizes, index), threads = tally_find(&b->threads, index);

        group->size_count = tally_find(&b->sizes, index + 1) - sizes;
        group->thread_count = tally_find(&b->threads, index + 1) - threads;
        group->sizes = arena_alloc(&b->groups->arena, group->size_count, sizeof *group->sizes);
        group->threads = arena_alloc(&b->groups->arena, group->thread_count, sizeof *group->threads);
        if (!group->sizes || !group->threads)
                return -1;
        for (size_t i = 0; i < group->size_count; i++)
                group->sizes[i] = (struct group_size){ .size = b->sizes.entries[sizes + i].minor,
                                                       .blocks = b->sizes.entries[sizes + i].count };
        for (size_t i = 0; i < group->thread_count; i++)
                group->threads[i] = (uint32_t)b->threads.entries[threads + i].minor;
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
        struct draft *draft = &b->drafts[index];
        struct group *group = &b->groups->list[index];
        struct group_arena **arena = &b->groups->arena;

        *group = draft->group;
        if (group->kind != KIND_DEFINITE && group->kind != KIND_CYCLE)
                group->instances = group->blocks;
        if (group->kind == KIND_INDIRECT && fill_owners(b, group, draft->owners, places))
                return -1;
        if (group->kind == KIND_POSSIBLE && draft->example_count && tell_weak_link(b, draft->examples[0], group))
                return -1;
        if (group->kind == KIND_CYCLE && draft->example_count &&
            ring_tell(b->graph, &b->vtables, draft->examples[0], group, arena))
                return -1;
        group->example_count = draft->example_count;
        group->examples = arena_alloc(arena, group->example_count, sizeof *group->examples);
        if (!group->examples)
                return -1;
        for (size_t i = 0; i < group->example_count; i++)
                group->examples[i].block = draft->examples[i];
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
        int status = 0;

        if (order_drafts(b, &places))
                return -1;
        renumber(&b->sizes, places);
        renumber(&b->threads, places);
        tally_sort(&b->sizes);
        tally_sort(&b->threads);
        b->groups->list = arena_alloc(&b->groups->arena, b->count, sizeof *b->groups->list);
        if (!b->groups->list)
                status = -1;
        for (size_t i = 0; i < b->count && !status; i++)
                status = fill_group(b, i, places);
        b->groups->count = b->count;
        mem_free(places);
        return status ? status : examples_fill(b->graph, b->groups, &b->vtables, b->options.references);
}

static void builder_free(struct builder *b)
{
        vtables_free(&b->vtables);
        shapes_free(&b->shapes);
        ownersets_free(&b->owners);
        paths_free(&b->paths);
        mem_free(b->drafts);
        table_free(&b->keys);
        mem_free(b->source_groups);
        mem_free(b->large);
        tally_free(&b->sizes);
        tally_free(&b->threads);
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
