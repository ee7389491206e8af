#include "counted.h"

static uint64_t word_at(const struct graph *graph, uint64_t block, uint64_t offset)
{
        const struct block *b = &graph->snapshot->blocks[block];
        const struct memory *memory = &graph->snapshot->memory;
        uint64_t word;

        if (offset > b->size || b->size - offset < sizeof word ||
            memory->read(memory->context, b->address + offset, &word, sizeof word) < sizeof word)
                return 0;
        return word;
}

/* Does the control block hold the object that `pointer` points at, or point at
 * it? */
static bool counts(const struct graph *graph, uint64_t control, uint64_t pointer)
{
        uint64_t object = pointers_find(&graph->pointers, pointer).inside, count;
        const edge_t *edges = scan_edges(&graph->scan, control, &count);

        if (object == ID_NONE)
                return false;
        if (object == control)
                return pointer - graph->snapshot->blocks[control].address >= 16;
        for (uint64_t i = 0; i < count; i++) {
                if (edge_target(edges[i]) == object)
                        return true;
        }
        return false;
}

/* Do the two words at `offset` look like a shared pointer? */
static bool try_pair(const struct graph *graph, struct vtables *vtables, struct group_step *step, uint64_t offset)
{
        uint64_t pointer = word_at(graph, step->block, offset), word = word_at(graph, step->block, offset + 8);
        uint64_t control = pointers_exact(&graph->pointers, word), vtable;

        if (!pointer || control == ID_NONE)
                return false;
        vtable = vtable_of(vtables, graph->scan.first[control]);
        if (!vtable || !counts(graph, control, pointer))
                return false;
        step->counted = vtable;
        step->member = offset;
        return true;
}

void counted_find(const struct graph *graph, struct vtables *vtables, struct group_step *step)
{
        if (!try_pair(graph, vtables, step, step->offset) && step->offset >= 8)
                (void)try_pair(graph, vtables, step, step->offset - 8);
}
