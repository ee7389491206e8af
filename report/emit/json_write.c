#include "json_write.h"

#include "json_parts.h"

void json_write_list(struct put *j, const char *key, enum put_layout layout, const void *items, size_t count,
                     size_t size, json_write_item *write)
{
        put_array(j, key, layout);
        for (size_t i = 0; i < count; i++)
                write(j, (const char *)items + i * size);
        put_end(j);
}

static void write_text(struct put *j, const void *item)
{
        put_text(j, NULL, *(const char *const *)item);
}

static void write_texts(struct put *j, const char *key, const char *const *texts, size_t count)
{
        WRITE_LIST(j, key, PUT_INLINE, texts, count, write_text);
}

/* ---- summary and gate ----------------------------------------------------- */

/* The members that the summary and each process's totals share; `threads` is
 * written by the caller. */
static void write_counts(struct put *j, const struct report_totals *t)
{
        put_number(j, "events", t->events);
        put_number(j, "events_lost", t->events_lost);
        put_number(j, "allocations", t->allocations);
        put_number(j, "frees", t->frees);
        put_number(j, "allocated_bytes", t->allocated_bytes);
        put_number(j, "peak_bytes", t->peak_bytes);
        put_number(j, "live_blocks", t->live_blocks);
        put_number(j, "live_bytes", t->live_bytes);
}

static void write_other_counts(struct put *j, const struct report_totals *t)
{
        put_number(j, "inherited_frees", t->inherited_frees);
        put_number(j, "unknown_frees", t->unknown_frees);
        put_number(j, "reused", t->reused);
        put_number(j, "mapped_blocks", t->mapped_blocks);
        put_number(j, "mapped_bytes", t->mapped_bytes);
}

static void write_kind(struct put *j, const char *name, const struct report_kind *kind)
{
        put_object(j, name, PUT_INLINE);
        put_number(j, "groups", kind->groups);
        put_number(j, "blocks", kind->blocks);
        put_number(j, "bytes", kind->bytes);
        put_end(j);
}

static void write_summary(struct put *j, const struct report *report)
{
        put_object(j, "summary", PUT_LINES);
        put_number(j, "processes", report->summary.processes);
        put_number(j, "threads", report->summary.threads);
        put_number(j, "left_out", report->summary.left_out);
        write_counts(j, &report->summary.totals);
        put_number(j, "cycles", report->summary.cycles);
        put_object(j, "kinds", PUT_LINES);
        for (int i = 0; i < KIND_COUNT; i++)
                write_kind(j, kind_name((enum kind)i), &report->summary.kinds[i]);
        write_kind(j, "suppressed", &report->summary.suppressed);
        put_end(j);
        put_object(j, "shared", PUT_INLINE);
        put_number(j, "blocks", report->summary.shared_blocks);
        put_number(j, "bytes", report->summary.shared_bytes);
        put_end(j);
        write_other_counts(j, &report->summary.totals);
        put_end(j);
}

static void write_rule(struct put *j, const void *item)
{
        const struct report_rule *rule = item;

        put_object(j, NULL, PUT_INLINE);
        put_text(j, "rule", rule->rule);
        put_number(j, "limit", rule->limit);
        put_number(j, "value", rule->value);
        put_bool(j, "pass", rule->pass);
        put_end(j);
}

static void write_gone(struct put *j, const void *item)
{
        const struct report_gone *gone = item;

        put_object(j, NULL, PUT_INLINE);
        put_text(j, "id", gone->id);
        put_text(j, "kind", kind_name(gone->kind));
        put_number(j, "blocks", gone->blocks);
        put_number(j, "bytes", gone->bytes);
        put_text(j, "site", gone->site);
        put_end(j);
}

static void write_gate(struct put *j, const struct report *report)
{
        put_object(j, "gate", PUT_LINES);
        put_text(j, "status", gate_status_name(report->gate.status));
        WRITE_LIST(j, "rules", PUT_LINES, report->gate.rules, report->gate.rule_count, write_rule);
        if (report->gate.has_baseline) {
                put_object(j, "baseline", PUT_LINES);
                put_number(j, "new", report->gate.baseline_new);
                put_number(j, "known", report->gate.baseline_known);
                put_number(j, "gone", report->gate.baseline_gone);
                put_number(j, "grown", report->gate.baseline_grown);
                WRITE_LIST(j, "gone_leaks", PUT_LINES, report->gate.gone, report->gate.gone_count, write_gone);
                put_end(j);
        } else {
                put_null(j, "baseline");
        }
        put_end(j);
}

/* ---- processes ------------------------------------------------------------ */

static void write_end(struct put *j, const struct report_process *process)
{
        put_object(j, "end", PUT_INLINE);
        put_text(j, "how", end_how_name(process->end_how));
        put_signed(j, "status", process->end_status);
        put_text(j, "exec", process->end_exec);
        put_end(j);
}

static void write_snapshot(struct put *j, const struct report_process *process)
{
        if (!process->snapshot.taken) {
                put_null(j, "snapshot");
                return;
        }
        put_object(j, "snapshot", PUT_LINES);
        put_text(j, "at", process->snapshot.at);
        put_text(j, "method", process->snapshot.method);
        put_number(j, "pause_ns", process->snapshot.pause_ns);
        put_number(j, "threads", process->snapshot.threads);
        put_number(j, "roots_bytes", process->snapshot.roots_bytes);
        put_number(j, "heap_bytes", process->snapshot.heap_bytes);
        put_number(j, "blocks", process->snapshot.blocks);
        put_number(j, "edges", process->snapshot.edges);
        put_end(j);
}

static void write_process(struct put *j, const void *item)
{
        const struct report_process *process = item;

        put_object(j, NULL, PUT_LINES);
        put_signed(j, "pid", process->pid);
        put_signed(j, "ppid", process->ppid);
        put_text(j, "exe", process->exe);
        put_text(j, "build_id", process->build_id);
        write_texts(j, "argv", process->argv, process->argv_count);
        write_end(j, process);
        put_bool(j, "complete", process->complete);
        write_snapshot(j, process);
        put_object(j, "totals", PUT_LINES);
        put_number(j, "threads", process->totals.threads);
        write_counts(j, &process->totals);
        write_other_counts(j, &process->totals);
        put_end(j);
        put_end(j);
}

/* ---- leaks ---------------------------------------------------------------- */

void json_write_frame(struct put *j, const void *item)
{
        const struct report_frame *frame = item;

        put_object(j, NULL, PUT_INLINE);
        put_text(j, "function", frame->function);
        put_text(j, "module", frame->module);
        put_address(j, "offset", frame->offset);
        put_text(j, "build_id", frame->build_id);
        put_text(j, "file", frame->file);
        put_number(j, "line", frame->line);
        put_bool(j, "inlined", frame->inlined);
        put_text(j, "linkage_name", frame->linkage_name);
        put_text(j, "directory", frame->directory);
        put_end(j);
}

static void write_size(struct put *j, const void *item)
{
        const struct report_size *size = item;

        put_array(j, NULL, PUT_INLINE);
        put_number(j, NULL, size->size);
        put_number(j, NULL, size->blocks);
        put_end(j);
}

static void write_pid(struct put *j, const void *item)
{
        put_signed(j, NULL, *(const int32_t *)item);
}

static void write_thread(struct put *j, const void *item)
{
        put_number(j, NULL, *(const uint32_t *)item);
}

static void write_weak_link(struct put *j, const struct report_leak *leak)
{
        if (leak->weak_strength == STRENGTH_NONE) {
                put_null(j, "weak_link");
                return;
        }
        put_object(j, "weak_link", PUT_INLINE);
        put_text(j, "strength", strength_name(leak->weak_strength));
        put_text(j, "why", leak->weak_why);
        put_end(j);
}

static void write_step(struct put *j, const void *item)
{
        const struct report_step *step = item;

        put_object(j, NULL, PUT_INLINE);
        put_text(j, "type", step->type);
        put_text(j, "likely_type", step->likely_type);
        put_text(j, "site", step->site);
        put_number(j, "size", step->size);
        put_number(j, "offset", step->offset);
        put_text(j, "field", step->field);
        put_text(j, "pointer", step->pointer);
        put_number(j, "member", step->member);
        put_text(j, "cut", cut_name(step->cut));
        put_number(j, "alike", step->alike);
        put_number(j, "alike_total", step->alike_total);
        put_text(j, "advice", step->advice);
        put_end(j);
}

void json_write_cycle(struct put *j, const struct report_cycle *cycle)
{
        if (!cycle) {
                put_null(j, "cycle");
                return;
        }
        put_object(j, "cycle", PUT_LINES);
        put_number(j, "blocks", cycle->blocks);
        put_number(j, "edges", cycle->edges);
        put_number(j, "length", cycle->length);
        WRITE_LIST(j, "path", PUT_LINES, cycle->path, cycle->path_count, write_step);
        WRITE_LIST(j, "break_at", PUT_LINES, cycle->break_at, cycle->break_at_count, write_step);
        put_number(j, "break_at_total", cycle->break_at_total);
        put_end(j);
}

/* `end` is what the other end of the edge is, `key` which end it is: "from" or "to". */
static void write_reference(struct put *j, const char *key, const char *end, const struct report_reference *reference)
{
        put_object(j, NULL, PUT_INLINE);
        put_text(j, key, end);
        put_number(j, "offset", reference->offset);
        put_text(j, "strength", strength_name(reference->strength));
        put_text(j, "type", reference->type);
        put_text(j, "likely_type", reference->likely_type);
        put_text(j, "field", reference->field);
        put_end(j);
}

static void write_referenced_by(struct put *j, const void *item)
{
        write_reference(j, "from", ((const struct report_reference *)item)->from, item);
}

static void write_references(struct put *j, const void *item)
{
        write_reference(j, "to", ((const struct report_reference *)item)->to, item);
}

void json_write_example(struct put *j, const struct report_example *example)
{
        put_address(j, "address", example->address);
        put_number(j, "size", example->size);
        put_signed(j, "process", example->process);
        put_number(j, "thread", example->thread);
        put_text(j, "type", example->type);
        put_text(j, "likely_type", example->likely_type);
        put_number(j, "reference_count", example->reference_count);
        WRITE_LIST(j, "referenced_by", PUT_LINES, example->referenced_by, example->referenced_by_count,
                   write_referenced_by);
        WRITE_LIST(j, "references", PUT_LINES, example->references, example->references_count, write_references);
}

static void write_example(struct put *j, const void *item)
{
        put_object(j, NULL, PUT_LINES);
        json_write_example(j, item);
        put_end(j);
}

static void write_baseline(struct put *j, const struct report_leak *leak)
{
        if (!leak->in_baseline) {
                put_null(j, "baseline");
                return;
        }
        put_object(j, "baseline", PUT_INLINE);
        put_number(j, "blocks", leak->baseline_blocks);
        put_number(j, "bytes", leak->baseline_bytes);
        put_end(j);
}

static void write_leak(struct put *j, const void *item)
{
        const struct report_leak *leak = item;

        put_object(j, NULL, PUT_LINES);
        put_text(j, "id", leak->id);
        put_text(j, "kind", kind_name(leak->kind));
        put_number(j, "blocks", leak->blocks);
        put_number(j, "bytes", leak->bytes);
        WRITE_LIST(j, "sizes", PUT_INLINE, leak->sizes, leak->size_count, write_size);
        put_number(j, "exclusive_bytes", leak->exclusive_bytes);
        put_number(j, "exclusive_blocks", leak->exclusive_blocks);
        put_text(j, "type", leak->type);
        put_text(j, "likely_type", leak->likely_type);
        WRITE_LIST(j, "stack", PUT_LINES, leak->stack, leak->stack_count, json_write_frame);
        put_bool(j, "stack_truncated", leak->stack_truncated);
        WRITE_LIST(j, "processes", PUT_INLINE, leak->processes, leak->process_count, write_pid);
        WRITE_LIST(j, "threads", PUT_INLINE, leak->threads, leak->thread_count, write_thread);
        put_number(j, "first_ns", leak->first_ns);
        put_number(j, "last_ns", leak->last_ns);
        put_text(j, "status", leak_status_name(leak->status));
        write_baseline(j, leak);
        put_text(j, "suppressed_by", leak->suppressed_by);
        put_bool(j, "fails_gate", leak->fails_gate);
        write_texts(j, "owners", leak->owners, leak->owner_count);
        write_weak_link(j, leak);
        json_write_cycle(j, leak->cycle);
        WRITE_LIST(j, "examples", PUT_LINES, leak->examples, leak->example_count, write_example);
        put_end(j);
}

/* ---- the whole ------------------------------------------------------------ */

static void write_reason(struct put *j, const void *item)
{
        const struct report_reason *reason = item;

        put_object(j, NULL, PUT_INLINE);
        put_signed(j, "process", reason->process);
        put_text(j, "reason", reason->reason);
        put_end(j);
}

static void write_suppression(struct put *j, const void *item)
{
        const struct report_suppression *suppression = item;

        put_object(j, NULL, PUT_INLINE);
        put_text(j, "rule", suppression->rule);
        put_text(j, "file", suppression->file);
        put_number(j, "line", suppression->line);
        put_number(j, "blocks", suppression->blocks);
        put_number(j, "bytes", suppression->bytes);
        put_number(j, "leaks", suppression->leaks);
        put_text(j, "reason", suppression->reason);
        put_text(j, "expires", suppression->expires);
        put_bool(j, "expired", suppression->expired);
        put_end(j);
}

static void write_diagnostic(struct put *j, const void *item)
{
        const struct report_diagnostic *diagnostic = item;

        put_object(j, NULL, PUT_INLINE);
        put_text(j, "level", diagnostic->level);
        put_text(j, "code", diagnostic->code);
        put_text(j, "message", diagnostic->message);
        put_end(j);
}

void json_write(const struct report *report, FILE *out)
{
        struct put j = put_to(out);

        put_object(&j, NULL, PUT_LINES);
        put_text(&j, "schema", REPORT_SCHEMA);
        put_text(&j, "weir_version", report->weir_version);
        write_texts(&j, "command", report->command, report->command_count);
        put_text(&j, "started", report->started);
        put_number(&j, "duration_ns", report->duration_ns);
        put_bool(&j, "complete", report->complete);
        WRITE_LIST(&j, "incomplete", PUT_LINES, report->incomplete, report->incomplete_count, write_reason);
        write_summary(&j, report);
        write_gate(&j, report);
        WRITE_LIST(&j, "processes", PUT_LINES, report->processes, report->process_count, write_process);
        WRITE_LIST(&j, "leaks", PUT_LINES, report->leaks, report->leak_count, write_leak);
        json_write_retained(&j, report);
        WRITE_LIST(&j, "suppressions", PUT_LINES, report->suppressions, report->suppression_count, write_suppression);
        WRITE_LIST(&j, "diagnostics", PUT_LINES, report->diagnostics, report->diagnostic_count, write_diagnostic);
        put_end(&j);
}
