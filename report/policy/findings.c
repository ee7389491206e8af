#include "findings.h"

#include "../capture/registers.h"
#include "../mem.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct findings *findings_create(void)
{
        struct report *memory = report_create();
        struct findings *findings = memory ? report_array(memory, 1, sizeof *findings) : NULL;

        if (!findings) {
                report_destroy(memory);
                return NULL;
        }
        findings->memory = memory;
        return findings;
}

void findings_destroy(struct findings *findings)
{
        if (!findings)
                return;
        report_destroy(findings->retained_memory);
        report_destroy(findings->memory); /* it holds the findings too */
}

/* ---- places ------------------------------------------------------------- */

int findings_place(struct report *memory, const struct snapshot *snapshot, uint64_t address,
                   struct finding_place *place)
{
        const struct segment *segment = address ? snapshot_segment(snapshot, address) : NULL;

        if (!segment)
                return 0;
        place->module = report_string(memory, segment->path);
        place->address = address - segment->bias;
        return place->module ? 0 : -1;
}

/* The anonymous tail of a module's data (.bss) is no segment of its own. */
const struct segment *findings_global(const struct snapshot *snapshot, const struct root *root)
{
        for (size_t i = 0; root->kind == ROOT_GLOBAL && root->name && i < snapshot->segment_count; i++)
                if (!strcmp(snapshot->segments[i].path, root->name))
                        return &snapshot->segments[i];
        return NULL;
}

static int place_of_global(struct report *memory, const struct snapshot *snapshot, const struct root *root,
                           uint64_t address, struct finding_place *place)
{
        const struct segment *segment = findings_global(snapshot, root);

        if (!segment)
                return 0;
        place->module = report_string(memory, root->name);
        place->address = address - segment->bias;
        return place->module ? 0 : -1;
}

static int place_of_frame(struct report *memory, const struct snapshot *snapshot, const struct root *root,
                          uint64_t address, struct finding_place *place)
{
        const struct stack_frame *frame = root->kind == ROOT_STACK ? snapshot_frame(snapshot, address) : NULL;

        if (!frame)
                return 0;
        place->exact = frame->exact;
        /* The end of the function that the call is in may be the end of the segment. */
        if (findings_place(memory, snapshot, frame->exact ? frame->pc : frame->pc - 1, place))
                return -1;
        place->address += !frame->exact;
        return 0;
}

/* ---- references ----------------------------------------------------------- */

static const char *root_text(struct report *memory, const struct root *root, uint64_t offset)
{
        char tid[32] = "";
        const char *thread = root->name;

        if (!thread) {
                (void)snprintf(tid, sizeof tid, "thread id %" PRIu32, root->thread);
                thread = tid;
        }
        switch (root->kind) {
        case ROOT_STACK:
                return report_format(memory, "stack of %s", thread);
        case ROOT_TLS:
                return report_format(memory, "thread-local storage of %s", thread);
        case ROOT_REGISTER:
                return report_format(memory, offset / 8 < REGISTER_GENERAL ? "register %s of %s" : "%s of %s",
                                     register_name(offset / 8), thread);
        case ROOT_GLOBAL:
                return report_format(memory, "global %s", root->name ? root->name : "?");
        default:
                return report_format(memory, "mapping %#" PRIx64 "-%#" PRIx64, root->start, root->end);
        }
}

int findings_root(struct report *memory, const struct snapshot *snapshot, const struct root *root, uint64_t offset,
                  const char **from, struct finding_place *global)
{
        *from = NULL;
        if (place_of_global(memory, snapshot, root, root->start + offset, global))
                return -1;
        if (global->module)
                return 0;
        *from = root_text(memory, root, offset);
        return *from ? place_of_frame(memory, snapshot, root, root->start + offset, global) : -1;
}

static int block_of(struct findings *f, const struct snapshot *snapshot, uint64_t id, uint64_t vtable,
                    struct finding_block *to)
{
        to->stack = snapshot->blocks[id].stack;
        to->size = snapshot->blocks[id].size;
        return findings_place(f->memory, snapshot, vtable, &to->vtable);
}

/* `out`: seen from the block it is from. */
static int reference_of(struct findings *f, const struct snapshot *snapshot, const struct group_reference *from,
                        bool out, struct finding_reference *to)
{
        to->offset = from->offset;
        to->strength = from->strength;
        to->to = snapshot->blocks[from->to].address;
        if ((out || !from->root) &&
            block_of(f, snapshot, out ? from->to : from->from, from->vtable, &to->other))
                return -1;
        if (!from->root) {
                to->from = report_format(f->memory, "%#" PRIx64, snapshot->blocks[from->from].address);
                return to->from ? 0 : -1;
        }
        return findings_root(f->memory, snapshot, &snapshot->roots[from->from], from->offset, &to->from, &to->global);
}

static int references_of(struct findings *f, const struct snapshot *snapshot, const struct group_reference *from,
                         size_t count, bool out, struct finding_reference **to)
{
        *to = report_array(f->memory, count, sizeof **to);
        for (size_t i = 0; *to && i < count; i++)
                if (reference_of(f, snapshot, &from[i], out, &(*to)[i]))
                        return -1;
        return *to ? 0 : -1;
}

static int example_of(struct findings *f, const struct snapshot *snapshot, const struct group_example *from,
                      struct finding_example *to)
{
        const struct block *block = &snapshot->blocks[from->block];

        to->address = block->address;
        to->thread = block->thread;
        to->reference_count = from->reference_count;
        to->referenced_by_count = from->referenced_by_count;
        to->references_count = from->references_count;
        if (block_of(f, snapshot, from->block, from->vtable, &to->block) ||
            references_of(f, snapshot, from->referenced_by, from->referenced_by_count, false, &to->referenced_by))
                return -1;
        return references_of(f, snapshot, from->references, from->references_count, true, &to->references);
}

/* ---- cycles --------------------------------------------------------------- */

static enum cut_effect cut_of(enum break_how how)
{
        switch (how) {
        case BREAK_ALL:
                return CUT_ENDS;
        case BREAK_ALIKE:
                return CUT_ALIKE;
        case BREAK_TOGETHER:
                return CUT_TOGETHER;
        case BREAK_NOTHING:
                break;
        }
        return CUT_UNKNOWN;
}

/* The control block of a block's object: where the cycle's path comes to it by
 * a shared pointer, whose first word is the object's address. */
static uint64_t control_of(const struct group_cycle *cycle, uint64_t block)
{
        for (size_t i = 0; i < cycle->path_count; i++)
                if (cycle->path[i].to == block && cycle->path[i].member == cycle->path[i].offset)
                        return cycle->path[i].counted;
        return 0;
}

static int steps_of(struct findings *f, const struct snapshot *snapshot, const struct group_cycle *cycle,
                    const struct group_step *from, size_t count, struct finding_step **to)
{
        *to = report_array(f->memory, count, sizeof **to);
        for (size_t i = 0; *to && i < count; i++) {
                (*to)[i] = (struct finding_step){
                        .offset = from[i].offset,
                        .held = from[i].strength == STRENGTH_EXACT ? snapshot->blocks[from[i].to].address : 0,
                        .member = from[i].member,
                        .alike = from[i].alike,
                        .alike_total = from[i].alike_total,
                        .cut = cut_of(from[i].how),
                };
                if (block_of(f, snapshot, from[i].block, from[i].vtable, &(*to)[i].block) ||
                    findings_place(f->memory, snapshot, control_of(cycle, from[i].block), &(*to)[i].block.control) ||
                    findings_place(f->memory, snapshot, from[i].counted, &(*to)[i].counted))
                        return -1;
        }
        return *to ? 0 : -1;
}

struct finding_cycle *findings_cycle(struct report *memory, const struct snapshot *snapshot,
                                     const struct group_cycle *from)
{
        struct findings f = { .memory = memory };
        struct finding_cycle *to = report_array(memory, 1, sizeof *to);

        if (!to)
                return NULL;
        to->blocks = from->blocks;
        to->edges = from->edges;
        to->length = from->length;
        to->break_at_total = from->break_at_total;
        to->path_count = from->path_count;
        to->break_at_count = from->break_at_count;
        return steps_of(&f, snapshot, from, from->path, from->path_count, &to->path) ||
                               steps_of(&f, snapshot, from, from->break_at, from->break_at_count, &to->break_at)
                       ? NULL
                       : to;
}

static int cycle_of(struct findings *f, const struct snapshot *snapshot, const struct group_cycle *from,
                    struct finding *finding)
{
        if (from)
                finding->cycle = findings_cycle(f->memory, snapshot, from);
        return from && !finding->cycle ? -1 : 0;
}

/* ---- groups --------------------------------------------------------------- */

static void *copy(struct findings *f, const void *from, size_t count, size_t size)
{
        void *to = report_array(f->memory, count, size);

        if (to && count)
                memcpy(to, from, count * size);
        return to;
}

static int finding_of(struct findings *f, const struct snapshot *snapshot, const struct group *group,
                      struct finding *to)
{
        to->kind = group->kind;
        to->stack = group->stack;
        to->instances = group->instances;
        to->blocks = group->blocks;
        to->bytes = group->bytes;
        to->exclusive_blocks = group->exclusive_blocks;
        to->exclusive_bytes = group->exclusive_bytes;
        to->first_ns = group->first_ns;
        to->last_ns = group->last_ns;
        to->weak_strength = group->weak_strength;
        to->size_count = group->size_count;
        to->owner_count = group->owner_count;
        to->thread_count = group->thread_count;
        to->example_count = group->example_count;
        to->sizes = report_array(f->memory, group->size_count, sizeof *to->sizes);
        for (size_t i = 0; to->sizes && i < group->size_count; i++)
                to->sizes[i] = (struct report_size){ group->sizes[i].size, group->sizes[i].blocks };
        to->owners = copy(f, group->owners, group->owner_count, sizeof *to->owners);
        to->threads = copy(f, group->threads, group->thread_count, sizeof *to->threads);
        to->examples = report_array(f->memory, group->example_count, sizeof *to->examples);
        if (!to->sizes || !to->owners || !to->threads || !to->examples)
                return -1;
        if (group->weak_why && !(to->weak_why = report_string(f->memory, group->weak_why)))
                return -1;
        for (size_t i = 0; i < group->example_count; i++)
                if (example_of(f, snapshot, &group->examples[i], &to->examples[i]))
                        return -1;
        return findings_place(f->memory, snapshot, group->vtable, &to->vtable) ||
                               cycle_of(f, snapshot, group->cycle, to)
                       ? -1
                       : 0;
}

static int facts_of(struct findings *f, const struct graph *graph)
{
        const struct snapshot *snapshot = graph->snapshot;

        f->taken = true;
        f->at = report_string(f->memory, snapshot->at);
        f->method = report_string(f->memory, snapshot->method);
        f->threads = snapshot->threads;
        f->roots_bytes = snapshot->roots_bytes;
        f->heap_bytes = snapshot->heap_bytes;
        f->blocks = snapshot->block_count;
        f->limits = report_array(f->memory, snapshot->limit_count, sizeof *f->limits);
        f->limit_count = snapshot->limit_count;
        if (!f->at || !f->method || !f->limits)
                return -1;
        for (size_t i = 0; i < snapshot->limit_count; i++)
                if (!(f->limits[i] = report_string(f->memory, snapshot->limits[i])))
                        return -1;
        return 0;
}

struct findings *findings_of_groups(const struct groups *groups, const struct graph *graph, struct error *e)
{
        struct findings *f = findings_create();
        bool failed = !f || facts_of(f, graph);

        if (!failed) {
                memcpy(f->kinds, groups->kinds, sizeof f->kinds);
                f->shared_blocks = groups->shared_blocks;
                f->shared_bytes = groups->shared_bytes;
                f->cycles = groups->cycles;
                f->count = groups->count;
                f->list = report_array(f->memory, groups->count, sizeof *f->list);
                failed = !f->list;
        }
        for (size_t i = 0; !failed && i < groups->count; i++)
                failed = finding_of(f, graph->snapshot, &groups->list[i], &f->list[i]);
        if (!failed)
                return f;
        findings_destroy(f);
        (void)error_no_memory(e, "keeping what the graph says");
        return NULL;
}

/* ---- blocks of kind unknown ------------------------------------------------ */

static int by_stack(const void *a, const void *b)
{
        const struct block *x = *(const struct block *const *)a, *y = *(const struct block *const *)b;

        if (x->stack != y->stack)
                return x->stack < y->stack ? -1 : 1;
        if (x->size != y->size)
                return x->size < y->size ? -1 : 1;
        return x->time_ns < y->time_ns ? -1 : x->time_ns > y->time_ns;
}

static int by_number(const void *a, const void *b)
{
        uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

        return x < y ? -1 : x > y;
}

/* The finding for blocks[0..count), all of one stack, ascending by size. */
static int finding_of_stack(struct findings *f, const struct block *const *blocks, size_t count, struct finding *to)
{
        enum { EXAMPLES = 3 };
        size_t kept = 0;

        to->kind = KIND_UNKNOWN;
        to->stack = blocks[0]->stack;
        to->instances = to->blocks = count;
        to->first_ns = UINT64_MAX;
        to->sizes = report_array(f->memory, count, sizeof *to->sizes);
        to->threads = report_array(f->memory, count, sizeof *to->threads);
        to->example_count = count < EXAMPLES ? count : EXAMPLES;
        to->examples = report_array(f->memory, to->example_count, sizeof *to->examples);
        if (!to->sizes || !to->threads || !to->examples)
                return -1;
        for (size_t i = 0; i < count; i++) {
                const struct block *block = blocks[i];

                to->bytes += block->size;
                to->first_ns = block->time_ns < to->first_ns ? block->time_ns : to->first_ns;
                to->last_ns = block->time_ns > to->last_ns ? block->time_ns : to->last_ns;
                to->threads[i] = block->thread;
                if (!to->size_count || to->sizes[to->size_count - 1].size != block->size)
                        to->sizes[to->size_count++].size = block->size;
                to->sizes[to->size_count - 1].blocks++;
                if (i < to->example_count)
                        to->examples[i] = (struct finding_example){ .address = block->address,
                                                                    .block = { .stack = block->stack,
                                                                               .size = block->size },
                                                                    .thread = block->thread };
        }
        qsort(to->threads, count, sizeof *to->threads, by_number);
        for (size_t i = 0; i < count; i++)
                if (!kept || to->threads[kept - 1] != to->threads[i])
                        to->threads[kept++] = to->threads[i];
        to->thread_count = kept;
        return 0;
}

static int findings_by_stack(struct findings *f, const struct block **sorted, size_t count)
{
        size_t stacks = 0;

        qsort(sorted, count, sizeof *sorted, by_stack);
        for (size_t i = 0; i < count; i++)
                stacks += !i || sorted[i]->stack != sorted[i - 1]->stack;
        f->list = report_array(f->memory, stacks, sizeof *f->list);
        if (!f->list)
                return -1;
        for (size_t i = 0, next; i < count; i = next) {
                for (next = i + 1; next < count && sorted[next]->stack == sorted[i]->stack; next++)
                        ;
                if (finding_of_stack(f, sorted + i, next - i, &f->list[f->count]))
                        return -1;
                f->kinds[KIND_UNKNOWN].groups++;
                f->kinds[KIND_UNKNOWN].blocks += f->list[f->count].blocks;
                f->kinds[KIND_UNKNOWN].bytes += f->list[f->count].bytes;
                f->count++;
        }
        return 0;
}

struct findings *findings_of_blocks(const struct block *blocks, size_t count, struct error *e)
{
        const struct block **sorted = mem_alloc(count, sizeof *sorted);
        struct findings *f = findings_create();
        size_t own = 0;

        for (size_t i = 0; sorted && i < count; i++)
                if (!(blocks[i].flags & (BLOCK_INHERITED | BLOCK_MAPPING)))
                        sorted[own++] = &blocks[i];
        if (!sorted || !f || findings_by_stack(f, sorted, own)) {
                findings_destroy(f);
                f = NULL;
                (void)error_no_memory(e, "listing the blocks of a process that is gone");
        }
        mem_free(sorted);
        return f;
}
