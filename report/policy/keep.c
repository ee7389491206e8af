#include "keep.h"

#include "../mem.h"
#include "findings.h"
#include "holders.h"
#include "naming.h"
#include "sites.h"
#include "typing.h"

#include <string.h>

enum {
        REFERENCES = 8,
        HELD_BY = 8, /* told of what holds an accumulation point: both ends of a longer way */
};

/* ---- while the process is held ------------------------------------------------- */

int keep_prepare(struct keep *keep, const struct graph *graph, bool told, size_t limit, struct error *e)
{
        *keep = (struct keep){ .vtables = { .snapshot = graph->snapshot } };
        vtables_ask(&keep->vtables, graph->scan.first, graph->snapshot->block_count);
        if (!told)
                return 0;
        if (recounts_take(&keep->recounts, graph, NULL))
                return error_no_memory(e, "telling what keeps what");
        return live_cycles_find(&keep->cycles, graph, &keep->vtables, limit, e);
}

void keep_deinit(struct keep *keep)
{
        vtables_free(&keep->vtables);
        recounts_free(&keep->recounts);
        live_cycles_release(&keep->cycles);
}

/* ---- names ----------------------------------------------------------------------- */

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
        if (!status && (name_frames(graph->snapshot, process, symbols) ||
                        name_classes(keep, graph->snapshot, process, symbols) ||
                        name_fields(keep, graph, process, symbols)))
                status = error_no_memory(e, "naming classes");
        return status;
}

/* ---- words ----------------------------------------------------------------------- */

struct telling {
        struct keep *keep;
        const struct graph *graph;
        struct process *process;
        struct symbols *symbols;
        struct typing *typing;
        struct report *memory;
        const struct holders *holders;
        const struct keepers *keepers;
};

static int block_of(const struct telling *t, uint64_t id, struct finding_block *block)
{
        const struct snapshot *snapshot = t->graph->snapshot;

        *block = (struct finding_block){ .stack = snapshot->blocks[id].stack, .size = snapshot->blocks[id].size };
        return findings_place(t->memory, snapshot, vtable_of(&t->keep->vtables, t->graph->scan.first[id]),
                              &block->vtable);
}

static int tell_type(const struct telling *t, uint64_t id, const char **type)
{
        struct finding_block block;

        return block_of(t, id, &block) || typing_block(t->typing, &block, type) ? -1 : 0;
}

static int tell_block(const struct telling *t, uint64_t id, const char **type, const char **site)
{
        struct named_stack stack;

        if (tell_type(t, id, type) ||
            name_stack(t->memory, t->symbols, t->process, t->graph->snapshot->blocks[id].stack, &stack))
                return -1;
        return name_site(t->memory, &stack, site);
}

/* The member of block `id` that is at the offset. */
static int tell_field(const struct telling *t, uint64_t id, uint64_t offset, const char **field)
{
        struct finding_block block;

        return block_of(t, id, &block) || typing_field(t->typing, &block, offset, field) ? -1 : 0;
}

/* A vertex of the dominator tree. */
static int tell_keeper(const struct telling *t, uint64_t vertex, struct report_keeper *out)
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
        return tell_block(t, vertex, &out->type, &out->site);
}

/* ---- sums ------------------------------------------------------------------------ */

static struct report_weight weight_of(const struct keepers_sum *sum)
{
        return (struct report_weight){ sum->blocks, sum->bytes, sum->retained_blocks, sum->retained_bytes };
}

static int tell_sites(const struct telling *t, struct report_retained *r)
{
        const struct keepers *k = t->keepers;

        r->by_site = report_array(t->memory, k->site_count, sizeof *r->by_site);
        r->by_site_count = k->site_count;
        r->by_site_total = k->sites_total;
        for (size_t i = 0; r->by_site && i < k->site_count; i++) {
                struct report_sum *sum = &r->by_site[i];
                struct named_stack stack;

                sum->weight = weight_of(&k->sites[i]);
                if (name_stack(t->memory, t->symbols, t->process, t->graph->snapshot->blocks[k->sites[i].first].stack,
                               &stack) ||
                    name_site(t->memory, &stack, &sum->site))
                        return -1;
                sum->stack = stack.frames;
                sum->stack_count = stack.count;
                sum->stack_truncated = stack.truncated;
        }
        return r->by_site ? 0 : -1;
}

static int tell_types(const struct telling *t, struct report_retained *r)
{
        const struct keepers *k = t->keepers;

        r->by_type = report_array(t->memory, k->type_count, sizeof *r->by_type);
        r->by_type_count = k->type_count;
        r->by_type_total = k->types_total;
        for (size_t i = 0; r->by_type && i < k->type_count; i++) {
                r->by_type[i].weight = weight_of(&k->types[i]);
                if (tell_type(t, k->types[i].first, &r->by_type[i].type))
                        return -1;
        }
        return r->by_type ? 0 : -1;
}

/* ---- the tree -------------------------------------------------------------------- */

static int tell_line(const struct telling *t, const struct keepers_line *from, struct report_line *to)
{
        uint64_t vertex = from->holder == ID_NONE ? from->first : t->keepers->retained.first_holder + from->holder;

        to->depth = from->depth;
        to->tops = from->tops;
        to->weight = (struct report_weight){ from->blocks, from->bytes, from->retained_blocks, from->retained_bytes };
        to->more = from->more;
        to->more_blocks = from->more_blocks;
        to->more_bytes = from->more_bytes;
        if (from->from != ID_NONE) {
                to->strength = from->strength;
                to->offset = from->offset;
                if (tell_field(t, from->from, from->offset, &to->field))
                        return -1;
        }
        return tell_keeper(t, vertex, &to->what);
}

static int tell_tree(const struct telling *t, struct report_retained *r)
{
        const struct keepers *k = t->keepers;

        r->tree = report_array(t->memory, k->line_count, sizeof *r->tree);
        r->tree_count = k->line_count;
        r->tree_more = k->more;
        r->tree_more_blocks = k->more_blocks;
        r->tree_more_bytes = k->more_bytes;
        for (size_t i = 0; r->tree && i < k->line_count; i++)
                if (tell_line(t, &k->lines[i], &r->tree[i]))
                        return -1;
        return r->tree ? 0 : -1;
}

/* ---- accumulation points ---------------------------------------------------------- */

/* What dominates the vertex, from the root down: the first steps and the
 * last. */
static int tell_way(const struct telling *t, uint64_t vertex, struct report_point *point)
{
        const struct retained *retained = &t->keepers->retained;
        uint64_t length = 0, at = 0;

        if (vertex == retained->root) {
                point->held_by = report_array(t->memory, 0, sizeof *point->held_by);
                return point->held_by ? 0 : -1;
        }
        for (uint64_t v = ids_get(&retained->dominators.idom, vertex); v != retained->root;
             v = ids_get(&retained->dominators.idom, v))
                length++;
        point->held_by_more = length > HELD_BY ? length - HELD_BY : 0;
        point->held_by_count = (size_t)(length - point->held_by_more);
        point->held_by = report_array(t->memory, point->held_by_count, sizeof *point->held_by);
        if (!point->held_by)
                return -1;
        for (uint64_t v = ids_get(&retained->dominators.idom, vertex); v != retained->root;
             v = ids_get(&retained->dominators.idom, v), at++) {
                /* `at` counts from the vertex upwards. */
                uint64_t place = length - 1 - at;

                if (place >= HELD_BY / 2 && point->held_by_more) {
                        if (place < HELD_BY / 2 + point->held_by_more)
                                continue;
                        place -= point->held_by_more;
                }
                if (tell_keeper(t, v, &point->held_by[place]))
                        return -1;
        }
        return 0;
}

static int tell_points(const struct telling *t, struct report_retained *r)
{
        const struct keepers *k = t->keepers;

        r->points = report_array(t->memory, k->point_count, sizeof *r->points);
        r->point_count = k->point_count;
        r->point_total = k->points_total;
        for (size_t i = 0; r->points && i < k->point_count; i++) {
                const struct keepers_point *from = &k->points[i];
                struct report_point *to = &r->points[i];

                to->tops = from->tops;
                to->weight = (struct report_weight){ from->blocks, from->bytes, from->retained_blocks,
                                                     from->retained_bytes };
                if (tell_keeper(t, from->parent, &to->what) || tell_block(t, from->first, &to->type, &to->site) ||
                    tell_way(t, from->parent, to))
                        return -1;
        }
        return r->points ? 0 : -1;
}

/* ---- blocks ----------------------------------------------------------------------- */

static int tell_referrer(const struct telling *t, const struct group_reference *from, struct report_reference *to)
{
        const struct snapshot *snapshot = t->graph->snapshot;

        to->offset = from->offset;
        to->strength = from->strength;
        if (from->root)
                return name_root(t->memory, t->symbols, t->process, snapshot, from->from, from->offset, &to->from);
        to->from = report_format(t->memory, "0x%llx", (unsigned long long)snapshot->blocks[from->from].address);
        return !to->from || tell_type(t, from->from, &to->type) ||
                               tell_field(t, from->from, from->offset, &to->field)
                       ? -1
                       : 0;
}

static int tell_reference(const struct telling *t, const struct group_reference *from, struct report_reference *to)
{
        to->offset = from->offset;
        to->strength = from->strength;
        to->to = report_format(t->memory, "0x%llx",
                               (unsigned long long)t->graph->snapshot->blocks[from->to].address);
        return !to->to || tell_type(t, from->to, &to->type) || tell_field(t, from->from, from->offset, &to->field)
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

static int tell_top(const struct telling *t, struct report_retained *r)
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
                if (tell_references(t, from, &to->example) || tell_block(t, from->block, &to->example.type, &to->site))
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

static int tell_cycles(const struct telling *t, struct report_retained *r)
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

/* ---- the whole ---------------------------------------------------------------------- */

static int tell(const struct telling *t, struct report_retained *r)
{
        const struct keepers *k = t->keepers;

        r->process = t->process->pid;
        r->blocks = k->retained.blocks[k->retained.root];
        r->bytes = k->retained.bytes[k->retained.root];
        r->inherited_blocks = k->inherited_blocks;
        r->inherited_bytes = k->inherited_bytes;
        r->typed_blocks = k->typed_blocks;
        r->typed_bytes = k->typed_bytes;
        return tell_sites(t, r) || tell_types(t, r) || tell_tree(t, r) || tell_points(t, r) || tell_top(t, r) ||
                               tell_cycles(t, r)
                       ? -1 : 0;
}

/* What equal keys are asked of. */
struct keys {
        struct sites sites;
        const struct telling *telling;
        bool failed;
};

static uint64_t site_key(void *context, uint32_t stack)
{
        return sites_key(&((struct keys *)context)->sites, stack);
}

/* By the name: what reads the same is one type. */
static uint64_t type_key(void *context, uint32_t stack, uint64_t vtable)
{
        struct keys *keys = context;
        const struct telling *t = keys->telling;
        struct finding_block block = { .stack = stack };
        uint64_t hash = UINT64_C(0xcbf29ce484222325);
        const char *type;

        if (findings_place(t->memory, t->graph->snapshot, vtable, &block.vtable) ||
            typing_block(t->typing, &block, &type)) {
                keys->failed = true;
                return 0;
        }
        if (!type)
                return 0;
        for (; *type; type++)
                hash = (hash ^ (unsigned char)*type) * UINT64_C(0x100000001b3);
        return hash ? hash : 1;
}

int keep_find(struct keep *keep, const struct graph *graph, struct process *process,
              const struct keep_options *options, struct report *memory, struct report_retained *retained,
              struct error *e)
{
        struct holders holders;
        struct keepers keepers = { 0 };
        struct typing typing = { .report = memory, .symbols = options->symbols, .process = process };
        const struct telling telling = { .keep = keep,
                                         .graph = graph,
                                         .process = process,
                                         .symbols = options->symbols,
                                         .typing = &typing,
                                         .memory = memory,
                                         .holders = &holders,
                                         .keepers = &keepers };
        struct keys keys = { .telling = &telling };
        struct keepers_options wanted = {
                .site = site_key, .type = type_key, .context = &keys, .limit = options->limit, .references = REFERENCES
        };
        int status;

        sites_init(&keys.sites, options->symbols, process);
        status = holders_find(&holders, graph, options->symbols, process, e);
        if (!status) {
                wanted.holders = &holders.map;
                status = keepers_run(&keepers, graph, &keep->vtables, &keep->recounts, &wanted, e);
        }
        if (!status && (keys.sites.failed || keys.failed || tell(&telling, retained)))
                status = error_no_memory(e, "telling what keeps what");
        typing_deinit(&typing);
        keepers_release(&keepers);
        holders_deinit(&holders);
        sites_deinit(&keys.sites);
        return status;
}
