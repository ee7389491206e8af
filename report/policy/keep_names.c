#include "keep.h"

#include "findings.h"
#include "holders.h"
#include "naming.h"
#include "typing.h"

static int name_classes(struct keep *keep, const struct snapshot *snapshot, struct process *process,
                        struct symbols *symbols)
{
        const struct table *known = &keep->vtables.known;

        for (uint64_t i = 0; i < known->size; i++) {
                const struct segment *segment =
                        known->entries[i].used ? snapshot_segment(snapshot, known->entries[i].key) : NULL;
                struct symbol_module *module;

                if (!segment || !vtable_of(&keep->vtables, known->entries[i].key))
                        continue;
                module = name_module_at(symbols, process, segment->path);
                if (!module)
                        return -1;
                (void)symbols_class(symbols, module, known->entries[i].key - segment->bias);
        }
        return 0;
}

/* The functions whose frames hold something, perhaps. */
static int name_frames(const struct snapshot *snapshot, struct process *process, struct symbols *symbols)
{
        for (size_t i = 0; i < snapshot->frame_count; i++) {
                const struct stack_frame *frame = &snapshot->frames[i];
                const struct segment *segment = snapshot_segment(snapshot, frame->exact ? frame->pc : frame->pc - 1);
                struct symbol_module *module = segment ? name_module_at(symbols, process, segment->path) : NULL;
                const struct symbol_frame *frames;
                size_t count;

                if (segment && (!module || symbols_frames(symbols, module, frame->pc - segment->bias, frame->exact,
                                                          &frames, &count, NULL)))
                        return -1;
        }
        return 0;
}

/* The types of all blocks, and the members that their pointers are. */
static int name_fields(struct keep *keep, const struct graph *graph, struct process *process, struct symbols *symbols)
{
        struct typing typing = { .report = report_create(), .symbols = symbols, .process = process };
        const struct snapshot *snapshot = graph->snapshot;
        struct table asked = { 0 };
        int status = typing.report ? 0 : -1;

        for (uint64_t id = 0; id < snapshot->block_count && !status; id++) {
                uint64_t vtable = vtable_of(&keep->vtables, graph->scan.first[id]), count;
                struct finding_block block = { .stack = snapshot->blocks[id].stack, .size = snapshot->blocks[id].size };
                const edge_t *edges = scan_edges(&graph->scan, id, &count);

                for (uint64_t i = 0; i < count && !status; i++) {
                        uint64_t offset = block_lead(&snapshot->blocks[id]) + 8 * edge_word(edges[i]);
                        const char *field;
                        bool fresh;

                        if (!table_put(&asked, hash_mix(hash_mix(block.stack, vtable), offset), &fresh))
                                status = -1;
                        else if (fresh)
                                status = findings_place(typing.report, snapshot, vtable, &block.vtable) ||
                                                         typing_field(&typing, &block, offset, &field)
                                                 ? -1
                                                 : 0;
                }
        }
        table_free(&asked);
        typing_deinit(&typing);
        report_destroy(typing.report);
        return status;
}

int keep_names(struct keep *keep, const struct graph *graph, struct process *process, struct symbols *symbols,
               struct error *e)
{
        struct holders holders;
        int status = holders_find(&holders, graph, symbols, process, e);

        holders_deinit(&holders);
        if (!status &&
            (name_frames(graph->snapshot, process, symbols) || name_classes(keep, graph->snapshot, process, symbols) ||
             name_fields(keep, graph, process, symbols)))
                status = error_no_memory(e, "naming classes");
        return status;
}
