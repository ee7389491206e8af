#include "json_write.h"

#include "put.h"

static void write_texts(struct put *j, const char *key, const char *const *texts, size_t count)
{
        put_array(j, key, PUT_INLINE);
        for (size_t i = 0; i < count; i++)
                put_text(j, NULL, texts[i]);
        put_end(j);
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

static void write_gate(struct put *j, const struct report *report)
{
        put_object(j, "gate", PUT_LINES);
        put_text(j, "status", gate_status_name(report->gate.status));
        put_array(j, "rules", PUT_LINES);
        for (size_t i = 0; i < report->gate.rule_count; i++) {
                const struct report_rule *rule = &report->gate.rules[i];

                put_object(j, NULL, PUT_INLINE);
                put_text(j, "rule", rule->rule);
                put_number(j, "limit", rule->limit);
                put_number(j, "value", rule->value);
                put_bool(j, "pass", rule->pass);
                put_end(j);
        }
        put_end(j);
        if (report->gate.has_baseline) {
                put_object(j, "baseline", PUT_INLINE);
                put_number(j, "new", report->gate.baseline_new);
                put_number(j, "known", report->gate.baseline_known);
                put_number(j, "gone", report->gate.baseline_gone);
                put_number(j, "grown", report->gate.baseline_grown);
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

static void write_process(struct put *j, const struct report_process *process)
{
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

static void write_frame(struct put *j, const struct report_frame *frame)
{
        put_object(j, NULL, PUT_INLINE);
        put_text(j, "function", frame->function);
        put_text(j, "module", frame->module);
        put_address(j, "offset", frame->offset);
        put_text(j, "build_id", frame->build_id);
        put_text(j, "file", frame->file);
        put_number(j, "line", frame->line);
        put_bool(j, "inlined", frame->inlined);
        put_text(j, "linkage_name", frame->linkage_name);
        put_end(j);
}

static void write_sizes(struct put *j, const struct report_leak *leak)
{
        put_array(j, "sizes", PUT_INLINE);
        for (size_t i = 0; i < leak->size_count; i++) {
                put_array(j, NULL, PUT_INLINE);
                put_number(j, NULL, leak->sizes[i].size);
                put_number(j, NULL, leak->sizes[i].blocks);
                put_end(j);
        }
        put_end(j);
}

static void write_stack(struct put *j, const struct report_leak *leak)
{
        put_array(j, "stack", PUT_LINES);
        for (size_t i = 0; i < leak->stack_count; i++)
                write_frame(j, &leak->stack[i]);
        put_end(j);
        put_bool(j, "stack_truncated", leak->stack_truncated);
}

static void write_members(struct put *j, const struct report_leak *leak)
{
        put_array(j, "processes", PUT_INLINE);
        for (size_t i = 0; i < leak->process_count; i++)
                put_signed(j, NULL, leak->processes[i]);
        put_end(j);
        put_array(j, "threads", PUT_INLINE);
        for (size_t i = 0; i < leak->thread_count; i++)
                put_number(j, NULL, leak->threads[i]);
        put_end(j);
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

static void write_steps(struct put *j, const char *key, const struct report_step *steps, size_t count)
{
        put_array(j, key, PUT_LINES);
        for (size_t i = 0; i < count; i++) {
                put_object(j, NULL, PUT_INLINE);
                put_text(j, "type", steps[i].type);
                put_text(j, "site", steps[i].site);
                put_number(j, "size", steps[i].size);
                put_number(j, "offset", steps[i].offset);
                put_text(j, "field", steps[i].field);
                put_text(j, "pointer", steps[i].pointer);
                put_number(j, "member", steps[i].member);
                put_text(j, "cut", cut_name(steps[i].cut));
                put_number(j, "alike", steps[i].alike);
                put_end(j);
        }
        put_end(j);
}

static void write_cycle(struct put *j, const struct report_cycle *cycle)
{
        if (!cycle) {
                put_null(j, "cycle");
                return;
        }
        put_object(j, "cycle", PUT_LINES);
        put_number(j, "blocks", cycle->blocks);
        put_number(j, "edges", cycle->edges);
        write_steps(j, "path", cycle->path, cycle->path_count);
        write_steps(j, "break_at", cycle->break_at, cycle->break_at_count);
        put_end(j);
}

/* `end` is "from" or "to": the end of the edge that is not the example. */
static void write_references(struct put *j, const char *key, const char *end, const struct report_reference *references,
                             size_t count)
{
        put_array(j, key, PUT_LINES);
        for (size_t i = 0; i < count; i++) {
                put_object(j, NULL, PUT_INLINE);
                put_text(j, end, *end == 'f' ? references[i].from : references[i].to);
                put_number(j, "offset", references[i].offset);
                put_text(j, "strength", strength_name(references[i].strength));
                put_end(j);
        }
        put_end(j);
}

static void write_example(struct put *j, const struct report_example *example)
{
        put_object(j, NULL, PUT_LINES);
        put_address(j, "address", example->address);
        put_number(j, "size", example->size);
        put_signed(j, "process", example->process);
        put_number(j, "thread", example->thread);
        put_number(j, "reference_count", example->reference_count);
        write_references(j, "referenced_by", "from", example->referenced_by, example->referenced_by_count);
        write_references(j, "references", "to", example->references, example->references_count);
        put_end(j);
}

static void write_leak(struct put *j, const struct report_leak *leak)
{
        put_object(j, NULL, PUT_LINES);
        put_text(j, "id", leak->id);
        put_text(j, "kind", kind_name(leak->kind));
        put_number(j, "blocks", leak->blocks);
        put_number(j, "bytes", leak->bytes);
        write_sizes(j, leak);
        put_number(j, "exclusive_bytes", leak->exclusive_bytes);
        put_number(j, "exclusive_blocks", leak->exclusive_blocks);
        put_text(j, "type", leak->type);
        write_stack(j, leak);
        write_members(j, leak);
        put_number(j, "first_ns", leak->first_ns);
        put_number(j, "last_ns", leak->last_ns);
        put_text(j, "status", leak_status_name(leak->status));
        put_text(j, "suppressed_by", leak->suppressed_by);
        write_texts(j, "owners", leak->owners, leak->owner_count);
        write_weak_link(j, leak);
        write_cycle(j, leak->cycle);
        put_array(j, "examples", PUT_LINES);
        for (size_t i = 0; i < leak->example_count; i++)
                write_example(j, &leak->examples[i]);
        put_end(j);
        put_end(j);
}

/* ---- the whole ------------------------------------------------------------ */

static void write_incomplete(struct put *j, const struct report *report)
{
        put_bool(j, "complete", report->complete);
        put_array(j, "incomplete", PUT_LINES);
        for (size_t i = 0; i < report->incomplete_count; i++) {
                put_object(j, NULL, PUT_INLINE);
                put_signed(j, "process", report->incomplete[i].process);
                put_text(j, "reason", report->incomplete[i].reason);
                put_end(j);
        }
        put_end(j);
}

static void write_suppressions(struct put *j, const struct report *report)
{
        put_array(j, "suppressions", PUT_LINES);
        for (size_t i = 0; i < report->suppression_count; i++) {
                const struct report_suppression *suppression = &report->suppressions[i];

                put_object(j, NULL, PUT_INLINE);
                put_text(j, "rule", suppression->rule);
                put_text(j, "file", suppression->file);
                put_number(j, "line", suppression->line);
                put_number(j, "blocks", suppression->blocks);
                put_number(j, "bytes", suppression->bytes);
                put_end(j);
        }
        put_end(j);
}

static void write_diagnostics(struct put *j, const struct report *report)
{
        put_array(j, "diagnostics", PUT_LINES);
        for (size_t i = 0; i < report->diagnostic_count; i++) {
                put_object(j, NULL, PUT_INLINE);
                put_text(j, "level", report->diagnostics[i].level);
                put_text(j, "code", report->diagnostics[i].code);
                put_text(j, "message", report->diagnostics[i].message);
                put_end(j);
        }
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
        write_incomplete(&j, report);
        write_summary(&j, report);
        write_gate(&j, report);
        put_array(&j, "processes", PUT_LINES);
        for (size_t i = 0; i < report->process_count; i++)
                write_process(&j, &report->processes[i]);
        put_end(&j);
        put_array(&j, "leaks", PUT_LINES);
        for (size_t i = 0; i < report->leak_count; i++)
                write_leak(&j, &report->leaks[i]);
        put_end(&j);
        write_suppressions(&j, report);
        write_diagnostics(&j, report);
        put_end(&j);
}
