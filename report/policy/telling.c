#include "telling.h"

#include "findings.h"
#include "naming.h"

static int block_of(const struct telling *t, uint64_t id, struct finding_block *block)
{
        const struct snapshot *snapshot = t->graph->snapshot;

        *block = (struct finding_block){ .stack = snapshot->blocks[id].stack, .size = snapshot->blocks[id].size };
        return findings_place(t->memory, snapshot, vtable_of(&t->keep->vtables, t->graph->scan.first[id]),
                              &block->vtable);
}

int telling_type(const struct telling *t, uint64_t id, const char **type)
{
        struct finding_block block;

        return block_of(t, id, &block) || typing_block(t->typing, &block, type) ? -1 : 0;
}

int telling_block(const struct telling *t, uint64_t id, const char **type, const char **site)
{
        struct named_stack stack;

        if (telling_type(t, id, type) ||
            name_stack(t->memory, t->symbols, t->process, t->graph->snapshot->blocks[id].stack, &stack))
                return -1;
        return name_site(t->memory, &stack, site);
}

int telling_field(const struct telling *t, uint64_t id, uint64_t offset, const char **field)
{
        struct finding_block block;

        return block_of(t, id, &block) || typing_field(t->typing, &block, offset, field) ? -1 : 0;
}

int telling_keeper(const struct telling *t, uint64_t vertex, struct report_keeper *out)
{
        const struct snapshot *snapshot = t->graph->snapshot;

        if (vertex == t->keepers->retained.root) {
                out->root = report_string(t->memory, "several roots");
                return out->root ? 0 : -1;
        }
        if (vertex >= snapshot->block_count)
                return holders_name(t->holders, (uint32_t)(vertex - snapshot->block_count), t->memory, &out->root);
        out->address = snapshot->blocks[vertex].address;
        out->size = snapshot->blocks[vertex].size;
        return telling_block(t, vertex, &out->type, &out->site);
}
