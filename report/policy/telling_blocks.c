/* What is told of single blocks and of cycles. */
#include "telling.h"

#include "findings.h"
#include "naming.h"

/* ---- blocks ----------------------------------------------------------------------- */

static int tell_referrer(const struct telling *t, const struct group_reference *from, struct report_reference *to)
{
        const struct snapshot *snapshot = t->graph->snapshot;

        to->offset = from->offset;
        to->strength = from->strength;
        if (from->root)
                return name_root(t->memory, t->symbols, t->process, snapshot, from->from, from->offset, &to->from);
        to->from = report_format(t->memory, "0x%llx", (unsigned long long)snapshot->blocks[from->from].address);
        return !to->from || telling_type(t, from->from, &to->type) ||
                               telling_field(t, from->from, from->offset, &to->field)
                       ? -1
                       : 0;
}

static int tell_reference(const struct telling *t, const struct group_reference *from, struct report_reference *to)
{
        to->offset = from->offset;
        to->strength = from->strength;
        to->to = report_format(t->memory, "0x%llx", (unsigned long long)t->graph->snapshot->blocks[from->to].address);
        return !to->to || telling_type(t, from->to, &to->type) || telling_field(t, from->from, from->offset, &to->field)
                       ? -1
                       : 0;
}

static int tell_references(const struct telling *t, const struct group_example *from, struct report_example *to)
{
        to->referenced_by_count = from->referenced_by_count;
        to->references_count = from->references_count;
        to->referenced_by = report_array(t->memory, to->referenced_by_count, sizeof *to->referenced_by);
        to->references = report_array(t->memory, to->references_count, sizeof *to->references);
        if (!to->referenced_by || !to->references)
                return -1;
        for (size_t i = 0; i < from->referenced_by_count; i++)
                if (tell_referrer(t, &from->referenced_by[i], &to->referenced_by[i]))
                        return -1;
        for (size_t i = 0; i < from->references_count; i++)
                if (tell_reference(t, &from->references[i], &to->references[i]))
                        return -1;
        return 0;
}

int telling_top(const struct telling *t, struct report_retained *r)
{
        const struct keepers *k = t->keepers;

        r->top = report_array(t->memory, k->block_count, sizeof *r->top);
        r->top_count = k->block_count;
        r->top_total = k->blocks_total;
        for (size_t i = 0; r->top && i < k->block_count; i++) {
                const struct group_example *from = &k->blocks[i];
                const struct block *block = &t->graph->snapshot->blocks[from->block];
                struct report_block *to = &r->top[i];

                to->retained_blocks = k->retained.blocks[from->block];
                to->retained_bytes = k->retained.bytes[from->block];
                to->example = (struct report_example){
                        .address = block->address,
                        .size = block->size,
                        .process = t->process->pid,
                        .thread = block->thread + 1,
                        .reference_count = from->reference_count,
                };
                if (tell_references(t, from, &to->example) ||
                    telling_block(t, from->block, &to->example.type, &to->site))
                        return -1;
        }
        return r->top ? 0 : -1;
}

/* ---- cycles ------------------------------------------------------------------------- */

static int tell_steps(const struct telling *t, const struct finding_step *from, size_t count, struct report_step **to,
                      size_t *to_count)
{
        *to = report_array(t->memory, count, sizeof **to);
        *to_count = count;
        for (size_t i = 0; *to && i < count; i++) {
                struct named_stack stack;

                if (name_stack(t->memory, t->symbols, t->process, from[i].block.stack, &stack) ||
                    name_site(t->memory, &stack, &(*to)[i].site) || typing_step(t->typing, &from[i], &(*to)[i]))
                        return -1;
        }
        return *to ? 0 : -1;
}

static int tell_cycle(const struct telling *t, const struct live_cycle *from, struct report_live_cycle *to)
{
        struct finding_cycle *cycle;

        to->count = from->count;
        to->blocks = from->blocks;
        to->bytes = from->bytes;
        to->cycle = report_array(t->memory, 1, sizeof *to->cycle);
        cycle = findings_cycle(t->memory, t->graph->snapshot, from->cycle);
        if (!to->cycle || !cycle)
                return -1;
        to->cycle->blocks = cycle->blocks;
        to->cycle->edges = cycle->edges;
        to->cycle->length = cycle->length;
        to->cycle->break_at_total = cycle->break_at_total;
        return tell_steps(t, cycle->path, cycle->path_count, &to->cycle->path, &to->cycle->path_count) ||
                               tell_steps(t, cycle->break_at, cycle->break_at_count, &to->cycle->break_at,
                                          &to->cycle->break_at_count)
                       ? -1
                       : 0;
}

int telling_cycles(const struct telling *t, struct report_retained *r)
{
        const struct live_cycles *cycles = &t->keep->cycles;

        r->cycles = report_array(t->memory, cycles->count, sizeof *r->cycles);
        r->cycle_count = cycles->count;
        r->cycle_total = cycles->total;
        for (size_t i = 0; r->cycles && i < cycles->count; i++)
                if (tell_cycle(t, &cycles->list[i], &r->cycles[i]))
                        return -1;
        return r->cycles ? 0 : -1;
}
