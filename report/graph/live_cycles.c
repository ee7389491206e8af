#include "live_cycles.h"

#include "ring.h"
#include "sorts.h"

#include <stdlib.h>

struct finding_cycles {
        struct live_cycles *cycles;
        struct graph live; /* the graph with what is lost and what is not the other way round */
        struct vtables *vtables;
        struct table keys; /* -> index in `list` */
        struct live_cycle *list;
        size_t count, capacity;
};

static int turn_round(struct finding_cycles *f, const struct graph *graph, struct error *e)
{
        uint64_t count = graph->snapshot->block_count;

        f->live = *graph;
        f->live.confidence.lost = 0;
        f->live.confidence.of = mem_alloc(count, sizeof *f->live.confidence.of);
        if (!f->live.confidence.of)
                return error_no_memory(e, "looking for cycles");
        for (uint64_t i = 0; i < count; i++) {
                bool out = graph_confidence(graph, i) < STRENGTH_TAGGED;

                f->live.confidence.of[i] = out ? STRENGTH_EXACT : STRENGTH_NONE;
                f->live.confidence.lost += !out;
        }
        if (!components_run(&f->live.components, &graph->scan, &f->live.confidence, count, e))
                return 0;
        mem_free(f->live.confidence.of);
        f->live.confidence.of = NULL;
        return -1;
}

/* Equal for components whose members have equal stacks and types. */
static uint64_t key_of(struct finding_cycles *f, uint64_t component, uint64_t size)
{
        const struct graph *g = &f->live;
        uint64_t sum = size;

        for (uint64_t i = 0; i < size; i++) {
                uint64_t id = components_member(&g->components, component, i);

                sum += hash_mix(g->snapshot->blocks[id].stack,
                                vtable_identity(g->snapshot, vtable_of(f->vtables, g->scan.first[id])));
        }
        return hash_mix(sum, size);
}

static int add_component(struct finding_cycles *f, uint64_t component, uint64_t size)
{
        struct live_cycle *cycle;
        bool fresh;
        uint64_t *slot = table_put(&f->keys, key_of(f, component, size), &fresh);

        if (!slot)
                return -1;
        if (fresh) {
                if (mem_grow(&f->list, &f->capacity, f->count + 1, sizeof *f->list))
                        return -1;
                f->list[f->count] = (struct live_cycle){ .first = ID_NONE };
                *slot = f->count++;
        }
        cycle = &f->list[*slot];
        cycle->count++;
        cycle->blocks += size;
        for (uint64_t i = 0; i < size; i++) {
                uint64_t id = components_member(&f->live.components, component, i);

                cycle->bytes += f->live.snapshot->blocks[id].size;
                if (cycle->first == ID_NONE || sorts_before(&f->live, id, cycle->first))
                        cycle->first = id;
        }
        return 0;
}

static int compare(const void *left, const void *right, void *context)
{
        const struct live_cycle *a = left, *b = right;

        if (a->bytes != b->bytes)
                return a->bytes > b->bytes ? -1 : 1;
        if (a->first == b->first)
                return 0;
        return sorts_before(context, a->first, b->first) ? -1 : 1;
}

static int tell(struct finding_cycles *f, size_t limit)
{
        struct live_cycles *cycles = f->cycles;
        size_t told = limit && limit < f->count ? limit : f->count;

        if (f->count)
                qsort_r(f->list, f->count, sizeof *f->list, compare, &f->live);
        cycles->total = f->count;
        cycles->list = arena_alloc(&cycles->arena, told, sizeof *cycles->list);
        if (!cycles->list)
                return -1;
        for (; cycles->count < told; cycles->count++) {
                struct group group = { 0 };

                if (ring_tell(&f->live, f->vtables, f->list[cycles->count].first, &group, &cycles->arena))
                        return -1;
                cycles->list[cycles->count] = f->list[cycles->count];
                cycles->list[cycles->count].cycle = group.cycle;
        }
        return 0;
}

int live_cycles_find(struct live_cycles *cycles, const struct graph *graph, struct vtables *vtables, size_t limit,
                     struct error *e)
{
        struct finding_cycles f = { .cycles = cycles, .vtables = vtables };
        int status = 0;

        *cycles = (struct live_cycles){ 0 };
        if (turn_round(&f, graph, e))
                return -1;
        for (uint64_t i = 0; i < f.live.components.count && !status; i++) {
                uint64_t size = components_size(&f.live.components, i);

                if (size > 1)
                        status = add_component(&f, i, size);
        }
        if (!status)
                status = tell(&f, limit);
        components_free(&f.live.components);
        mem_free(f.live.confidence.of);
        mem_free(f.list);
        table_free(&f.keys);
        if (!status)
                return 0;
        live_cycles_release(cycles);
        return error_no_memory(e, "looking for cycles");
}

void live_cycles_release(struct live_cycles *cycles)
{
        arena_free(&cycles->arena);
        *cycles = (struct live_cycles){ 0 };
}
