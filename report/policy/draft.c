#include "draft.h"

#include "../mem.h"
#include "naming.h"

#include <stdlib.h>
#include <string.h>

int drafts_init(struct drafts *d, struct report *report, struct symbols *symbols, size_t total, struct error *e)
{
        size_t slots = 64;

        *d = (struct drafts){ .report = report, .symbols = symbols };
        d->typing = (struct typing){ .report = report, .symbols = symbols };
        while (slots < 2 * total)
                slots *= 2;
        d->slots = mem_alloc(slots, sizeof *d->slots);
        d->mask = slots - 1;
        return d->slots ? 0 : error_no_memory(e, "collecting leaks");
}

void drafts_deinit(struct drafts *d)
{
        typing_deinit(&d->typing);
        held_deinit(&d->held);
        mem_free(d->slots);
        mem_free(d->list);
        mem_free(d->of_finding);
}

/* ---- equality ------------------------------------------------------------- */

static uint64_t mix(uint64_t hash, const void *data, size_t length)
{
        const uint8_t *byte = data;

        for (size_t i = 0; i < length; i++)
                hash = (hash ^ byte[i]) * UINT64_C(0x100000001b3);
        return hash;
}

static uint64_t mix_text(uint64_t hash, const char *text)
{
        return text ? mix(hash, text, strlen(text) + 1) : mix(hash, "\1", 1);
}

static bool same_text(const char *a, const char *b)
{
        return a == b || (a && b && !strcmp(a, b));
}

/* Two places are one to the reader when their line is: the same call unrolled
 * by the compiler is one leak.  Without a line it is the place that counts. */
static bool same_place(const struct report_frame *a, const struct report_frame *b)
{
        if (!same_text(a->module, b->module) || !same_text(a->function, b->function))
                return false;
        return a->line || b->line ? a->line == b->line && same_text(a->file, b->file) : a->offset == b->offset;
}

static uint64_t key_of(const struct report_leak *leak)
{
        uint64_t hash = UINT64_C(0xcbf29ce484222325);

        hash = mix(hash, &leak->kind, sizeof leak->kind);
        hash = mix_text(hash, leak->type);
        hash = mix_text(hash, leak->weak_why);
        for (size_t i = 0; i < leak->stack_count; i++) {
                const struct report_frame *frame = &leak->stack[i];

                hash = mix_text(hash, frame->module);
                hash = mix_text(hash, frame->function);
                hash = frame->line ? mix(hash, &frame->line, sizeof frame->line)
                                   : mix(hash, &frame->offset, sizeof frame->offset);
        }
        return hash;
}

/* What hangs from one head or cycle tells shapes apart across processes. */
static bool same_shape(const struct draft *draft, const struct report_leak *leak, const struct finding *finding)
{
        if ((draft->leak.cycle ? draft->leak.cycle->blocks : 0) != (leak->cycle ? leak->cycle->blocks : 0))
                return false;
        return draft->leak.exclusive_blocks * finding->instances == finding->exclusive_blocks * draft->instances;
}

static bool same_leak(const struct report_leak *a, const struct report_leak *b)
{
        if (a->kind != b->kind || a->stack_count != b->stack_count || !same_text(a->type, b->type) ||
            !same_text(a->weak_why, b->weak_why))
                return false;
        for (size_t i = 0; i < a->stack_count; i++)
                if (!same_place(&a->stack[i], &b->stack[i]))
                        return false;
        return true;
}

/* The draft that `leak` joins, or NULL with the `*slot` for a new one. */
static struct draft *find(struct drafts *d, const struct report_leak *leak, const struct finding *finding,
                          uint64_t key, size_t *slot)
{
        for (size_t i = key & d->mask;; i = (i + 1) & d->mask) {
                struct draft *draft = d->slots[i] ? &d->list[d->slots[i] - 1] : NULL;

                *slot = i;
                if (!draft)
                        return NULL;
                if (draft->key == key && same_leak(&draft->leak, leak) && same_shape(draft, leak, finding))
                        return draft;
        }
}

/* ---- merging --------------------------------------------------------------- */

/* Room for `need` objects in an array of the report's memory. */
static int grow(struct report *report, void *array, size_t count, size_t *capacity, size_t need, size_t size)
{
        void **slot = array;
        size_t want = *capacity ? 2 * *capacity : 4;
        void *bigger;

        if (need <= *capacity)
                return 0;
        want = want < need ? need : want;
        bigger = report_array(report, want, size);
        if (!bigger)
                return -1;
        if (count)
                memcpy(bigger, *slot, count * size);
        *slot = bigger;
        *capacity = want;
        return 0;
}

static int add_size(struct drafts *d, struct draft *draft, const struct report_size *more)
{
        struct report_leak *leak = &draft->leak;
        size_t at = 0;

        while (at < leak->size_count && leak->sizes[at].size < more->size)
                at++;
        if (at < leak->size_count && leak->sizes[at].size == more->size) {
                leak->sizes[at].blocks += more->blocks;
                return 0;
        }
        if (grow(d->report, &leak->sizes, leak->size_count, &draft->size_capacity, leak->size_count + 1,
                 sizeof *leak->sizes))
                return -1;
        memmove(leak->sizes + at + 1, leak->sizes + at, (leak->size_count - at) * sizeof *leak->sizes);
        leak->sizes[at] = *more;
        leak->size_count++;
        return 0;
}

static int add_thread(struct drafts *d, struct draft *draft, uint32_t thread)
{
        struct report_leak *leak = &draft->leak;
        size_t at = 0;

        while (at < leak->thread_count && leak->threads[at] < thread)
                at++;
        if (at < leak->thread_count && leak->threads[at] == thread)
                return 0;
        if (grow(d->report, &leak->threads, leak->thread_count, &draft->thread_capacity, leak->thread_count + 1,
                 sizeof *leak->threads))
                return -1;
        memmove(leak->threads + at + 1, leak->threads + at, (leak->thread_count - at) * sizeof *leak->threads);
        leak->threads[at] = thread;
        leak->thread_count++;
        return 0;
}

static int add_process(struct drafts *d, struct draft *draft)
{
        struct report_leak *leak = &draft->leak;

        if (grow(d->report, &leak->processes, leak->process_count, &draft->process_capacity, leak->process_count + 1,
                 sizeof *leak->processes))
                return -1;
        leak->processes[leak->process_count++] = d->process->pid;
        return 0;
}

static int add_numbers(struct drafts *d, struct draft *draft, const struct finding *finding)
{
        struct report_leak *leak = &draft->leak;

        if (!leak->process_count || finding->first_ns < leak->first_ns)
                leak->first_ns = finding->first_ns;
        if (finding->last_ns > leak->last_ns)
                leak->last_ns = finding->last_ns;
        draft->instances += finding->instances;
        leak->blocks += finding->blocks;
        leak->bytes += finding->bytes;
        leak->exclusive_blocks += finding->exclusive_blocks;
        leak->exclusive_bytes += finding->exclusive_bytes;
        for (size_t i = 0; i < finding->size_count; i++)
                if (add_size(d, draft, &finding->sizes[i]))
                        return -1;
        for (size_t i = 0; i < finding->thread_count; i++)
                if (add_thread(d, draft, finding->threads[i] + 1))
                        return -1;
        return add_process(d, draft);
}

/* ---- a new draft ------------------------------------------------------------- */

/* One reference of the block `here`, from it (`out`) or to it. */
static int reference(struct drafts *d, const struct finding_block *here, const struct finding_reference *from,
                     bool out, struct report_reference *to)
{
        to->offset = from->offset;
        to->strength = from->strength;
        if (from->other.stack && (typing_block(&d->typing, &from->other, &to->type) ||
                                  typing_likely(&d->typing, &from->other, &to->likely_type)))
                return -1;
        if (out && !to->type && !to->likely_type)
                to->likely_type = held_type(&d->held, from->to);
        if (out) {
                to->to = report_format(d->report, "0x%llx", (unsigned long long)from->to);
                return !to->to || typing_field(&d->typing, here, from->offset, &to->field) ? -1 : 0;
        }
        if (from->other.stack && typing_field(&d->typing, &from->other, from->offset, &to->field))
                return -1;
        if (!from->from)
                return name_global(d->report, d->symbols, d->process, &from->global, &to->from);
        return name_held(d->report, d->symbols, d->process, from->from, &from->global, &to->from);
}

static int references(struct drafts *d, const struct finding_block *here, const struct finding_reference *from,
                      size_t count, bool out, struct report_reference **to, size_t *to_count)
{
        *to = report_array(d->report, count, sizeof **to);
        *to_count = count;
        for (size_t i = 0; *to && i < count; i++)
                if (reference(d, here, &from[i], out, &(*to)[i]))
                        return -1;
        return *to ? 0 : -1;
}

static int examples(struct drafts *d, const struct finding *finding, struct report_leak *leak)
{
        leak->example_count = finding->example_count;
        leak->examples = report_array(d->report, finding->example_count, sizeof *leak->examples);
        if (!leak->examples)
                return -1;
        for (size_t i = 0; i < finding->example_count; i++) {
                const struct finding_example *from = &finding->examples[i];
                struct report_example *to = &leak->examples[i];

                to->address = from->address;
                to->size = from->block.size;
                to->process = d->process->pid;
                to->thread = from->thread + 1;
                to->reference_count = from->reference_count;
                if (typing_block(&d->typing, &from->block, &to->type) ||
                    typing_likely(&d->typing, &from->block, &to->likely_type) ||
                    references(d, &from->block, from->referenced_by, from->referenced_by_count, false,
                               &to->referenced_by, &to->referenced_by_count) ||
                    references(d, &from->block, from->references, from->references_count, true, &to->references,
                               &to->references_count))
                        return -1;
                if (!to->type && !to->likely_type)
                        to->likely_type = held_type(&d->held, from->address);
        }
        return 0;
}

static int steps(struct drafts *d, const struct finding_step *from, size_t count, struct report_step **to,
                 size_t *to_count)
{
        *to = report_array(d->report, count, sizeof **to);
        *to_count = count;
        for (size_t i = 0; *to && i < count; i++) {
                struct named_stack stack;

                if (name_stack(d->report, d->symbols, d->process, from[i].block.stack, &stack) ||
                    name_site(d->report, &stack, &(*to)[i].site) || typing_step(&d->typing, &from[i], &(*to)[i]))
                        return -1;
        }
        return *to ? 0 : -1;
}

static int cycle(struct drafts *d, const struct finding_cycle *from, struct report_leak *leak)
{
        struct report_cycle *to;

        if (!from)
                return 0;
        to = leak->cycle = report_array(d->report, 1, sizeof *to);
        if (!to)
                return -1;
        to->blocks = from->blocks;
        to->edges = from->edges;
        to->length = from->length;
        to->break_at_total = from->break_at_total;
        if (steps(d, from->path, from->path_count, &to->path, &to->path_count))
                return -1;
        held_path(&d->held, from->path, from->path_count, to->path);
        return steps(d, from->break_at, from->break_at_count, &to->break_at, &to->break_at_count);
}

/* What identifies the leak; numbers come by add_numbers. */
static int describe(struct drafts *d, const struct finding *finding, struct report_leak *leak)
{
        const struct finding_block block = { .stack = finding->stack,
                                             .vtable = finding->vtable,
                                             .size = finding->size_count == 1 ? finding->sizes[0].size : 0 };
        struct named_stack stack;

        *leak = (struct report_leak){ .kind = finding->kind, .weak_strength = finding->weak_strength };
        if (name_stack(d->report, d->symbols, d->process, finding->stack, &stack) ||
            typing_block(&d->typing, &block, &leak->type) || typing_likely(&d->typing, &block, &leak->likely_type))
                return -1;
        leak->stack = stack.frames;
        leak->stack_count = stack.count;
        leak->stack_truncated = stack.truncated;
        if (finding->weak_why && !(leak->weak_why = report_string(d->report, finding->weak_why)))
                return -1;
        return cycle(d, finding->cycle, leak);
}

/* ---- processes and findings ---------------------------------------------------- */

int drafts_begin(struct drafts *d, struct process *process, const struct findings *findings, struct error *e)
{
        mem_free(d->of_finding);
        d->process = d->typing.process = process;
        d->findings = findings;
        d->of_finding = mem_alloc(findings->count, sizeof *d->of_finding);
        if (!d->of_finding || held_learn(&d->held, &d->typing, findings))
                return error_no_memory(e, "collecting leaks");
        return 0;
}

static struct draft *join(struct drafts *d, const struct report_leak *leak, const struct finding *finding)
{
        uint64_t key = key_of(leak);
        struct draft *draft;
        size_t slot;

        draft = find(d, leak, finding, key, &slot);
        if (draft) {
                if (!same_text(draft->leak.likely_type, leak->likely_type))
                        draft->leak.likely_type = NULL;
                return draft;
        }
        if (mem_grow(&d->list, &d->capacity, d->count + 1, sizeof *d->list))
                return NULL;
        draft = &d->list[d->count++];
        *draft = (struct draft){ .leak = *leak, .key = key };
        d->slots[slot] = d->count;
        if (examples(d, finding, &draft->leak))
                return NULL;
        held_leak(finding, &draft->leak);
        return draft;
}

int drafts_add(struct drafts *d, size_t index, struct error *e)
{
        const struct finding *finding = &d->findings->list[index];
        struct report_leak leak;
        struct draft *draft;

        if (describe(d, finding, &leak) || !(draft = join(d, &leak, finding)) || add_numbers(d, draft, finding))
                return error_no_memory(e, "collecting leaks");
        d->of_finding[index] = (size_t)(draft - d->list);
        return 0;
}

static int add_owner(struct drafts *d, struct draft *draft, size_t owner)
{
        for (size_t i = 0; i < draft->owner_count; i++)
                if (draft->owners[i] == owner)
                        return 0;
        if (grow(d->report, &draft->owners, draft->owner_count, &draft->owner_capacity, draft->owner_count + 1,
                 sizeof *draft->owners))
                return -1;
        draft->owners[draft->owner_count++] = owner;
        return 0;
}

int drafts_end(struct drafts *d, struct error *e)
{
        for (size_t i = 0; i < d->findings->count; i++) {
                const struct finding *finding = &d->findings->list[i];

                for (size_t k = 0; k < finding->owner_count; k++)
                        if (add_owner(d, &d->list[d->of_finding[i]], d->of_finding[finding->owners[k]]))
                                return error_no_memory(e, "collecting leaks");
        }
        return 0;
}

/* ---- the end ---------------------------------------------------------------------- */

static int by_text(const void *a, const void *b)
{
        return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static int by_pid(const void *a, const void *b)
{
        int32_t x = *(const int32_t *)a, y = *(const int32_t *)b;

        return x < y ? -1 : x > y;
}

/* Owners by id, sorted, each once. */
static int name_owners(struct drafts *d, const struct draft *draft, struct report_leak *leak)
{
        size_t kept = 0;

        leak->owners = report_array(d->report, draft->owner_count, sizeof *leak->owners);
        if (!leak->owners)
                return -1;
        for (size_t i = 0; i < draft->owner_count; i++)
                leak->owners[i] = d->report->leaks[draft->owners[i]].id;
        qsort(leak->owners, draft->owner_count, sizeof *leak->owners, by_text);
        for (size_t i = 0; i < draft->owner_count; i++)
                if (!kept || strcmp(leak->owners[kept - 1], leak->owners[i]))
                        leak->owners[kept++] = leak->owners[i];
        leak->owner_count = kept;
        return 0;
}

int drafts_finish(struct drafts *d, struct error *e)
{
        struct report *report = d->report;

        report->leaks = report_array(report, d->count, sizeof *report->leaks);
        if (!report->leaks)
                return error_no_memory(e, "collecting leaks");
        report->leak_count = d->count;
        for (size_t i = 0; i < d->count; i++) {
                struct report_leak *leak = &report->leaks[i];
                size_t kept = 0;

                *leak = d->list[i].leak;
                leak->id = report_fingerprint(report, leak);
                if (!leak->id)
                        return error_no_memory(e, "collecting leaks");
                qsort(leak->processes, leak->process_count, sizeof *leak->processes, by_pid);
                for (size_t k = 0; k < leak->process_count; k++)
                        if (!kept || leak->processes[kept - 1] != leak->processes[k])
                                leak->processes[kept++] = leak->processes[k];
                leak->process_count = kept;
        }
        for (size_t i = 0; i < d->count; i++)
                if (name_owners(d, &d->list[i], &report->leaks[i]))
                        return error_no_memory(e, "collecting leaks");
        return 0;
}
