#include "json_write.h"

#include "json_print.h"

static void write_texts(struct json_print *j, const char *key, const char *const *texts, size_t count)
{
        json_array(j, key, JSON_INLINE);
        for (size_t i = 0; i < count; i++)
                json_text(j, NULL, texts[i]);
        json_end(j);
}

/* ---- summary and gate ----------------------------------------------------- */

/* The members that the summary and each process's totals share; `threads` is
 * written by the caller. */
static void write_counts(struct json_print *j, const struct report_totals *t)
{
        json_number(j, "events", t->events);
        json_number(j, "events_lost", t->events_lost);
        json_number(j, "allocations", t->allocations);
        json_number(j, "frees", t->frees);
        json_number(j, "allocated_bytes", t->allocated_bytes);
        json_number(j, "peak_bytes", t->peak_bytes);
        json_number(j, "live_blocks", t->live_blocks);
        json_number(j, "live_bytes", t->live_bytes);
}

static void write_other_counts(struct json_print *j, const struct report_totals *t)
{
        json_number(j, "inherited_frees", t->inherited_frees);
        json_number(j, "unknown_frees", t->unknown_frees);
        json_number(j, "reused", t->reused);
        json_number(j, "mapped_blocks", t->mapped_blocks);
        json_number(j, "mapped_bytes", t->mapped_bytes);
}

static void write_kind(struct json_print *j, const char *name, const struct report_kind *kind)
{
        json_object(j, name, JSON_INLINE);
        json_number(j, "groups", kind->groups);
        json_number(j, "blocks", kind->blocks);
        json_number(j, "bytes", kind->bytes);
        json_end(j);
}

static void write_summary(struct json_print *j, const struct report *report)
{
        json_object(j, "summary", JSON_LINES);
        json_number(j, "processes", report->summary.processes);
        json_number(j, "threads", report->summary.threads);
        write_counts(j, &report->summary.totals);
        json_number(j, "cycles", report->summary.cycles);
        json_object(j, "kinds", JSON_LINES);
        for (int i = 0; i < KIND_COUNT; i++)
                write_kind(j, kind_name((enum kind)i), &report->summary.kinds[i]);
        write_kind(j, "suppressed", &report->summary.suppressed);
        json_end(j);
        json_object(j, "shared", JSON_INLINE);
        json_number(j, "blocks", report->summary.shared_blocks);
        json_number(j, "bytes", report->summary.shared_bytes);
        json_end(j);
        write_other_counts(j, &report->summary.totals);
        json_end(j);
}

static void write_gate(struct json_print *j, const struct report *report)
{
        json_object(j, "gate", JSON_LINES);
        json_text(j, "status", gate_status_name(report->gate.status));
        json_array(j, "rules", JSON_LINES);
        for (size_t i = 0; i < report->gate.rule_count; i++) {
                const struct report_rule *rule = &report->gate.rules[i];

                json_object(j, NULL, JSON_INLINE);
                json_text(j, "rule", rule->rule);
                json_number(j, "limit", rule->limit);
                json_number(j, "value", rule->value);
                json_bool(j, "pass", rule->pass);
                json_end(j);
        }
        json_end(j);
        if (report->gate.has_baseline) {
                json_object(j, "baseline", JSON_INLINE);
                json_number(j, "new", report->gate.baseline_new);
                json_number(j, "known", report->gate.baseline_known);
                json_number(j, "gone", report->gate.baseline_gone);
                json_end(j);
        } else {
                json_null(j, "baseline");
        }
        json_end(j);
}

/* ---- processes ------------------------------------------------------------ */

static void write_end(struct json_print *j, const struct report_process *process)
{
        json_object(j, "end", JSON_INLINE);
        json_text(j, "how", end_how_name(process->end_how));
        json_signed(j, "status", process->end_status);
        json_text(j, "exec", process->end_exec);
        json_end(j);
}

static void write_snapshot(struct json_print *j, const struct report_process *process)
{
        if (!process->snapshot.taken) {
                json_null(j, "snapshot");
                return;
        }
        json_object(j, "snapshot", JSON_LINES);
        json_text(j, "at", process->snapshot.at);
        json_text(j, "method", process->snapshot.method);
        json_number(j, "pause_ns", process->snapshot.pause_ns);
        json_number(j, "threads", process->snapshot.threads);
        json_number(j, "roots_bytes", process->snapshot.roots_bytes);
        json_number(j, "heap_bytes", process->snapshot.heap_bytes);
        json_number(j, "blocks", process->snapshot.blocks);
        json_number(j, "edges", process->snapshot.edges);
        json_end(j);
}

static void write_process(struct json_print *j, const struct report_process *process)
{
        json_object(j, NULL, JSON_LINES);
        json_signed(j, "pid", process->pid);
        json_signed(j, "ppid", process->ppid);
        json_text(j, "exe", process->exe);
        json_text(j, "build_id", process->build_id);
        write_texts(j, "argv", process->argv, process->argv_count);
        write_end(j, process);
        json_bool(j, "complete", process->complete);
        write_snapshot(j, process);
        json_object(j, "totals", JSON_LINES);
        json_number(j, "threads", process->totals.threads);
        write_counts(j, &process->totals);
        write_other_counts(j, &process->totals);
        json_end(j);
        json_end(j);
}

/* ---- leaks ---------------------------------------------------------------- */

static void write_frame(struct json_print *j, const struct report_frame *frame)
{
        json_object(j, NULL, JSON_INLINE);
        json_text(j, "function", frame->function);
        json_text(j, "module", frame->module);
        json_address(j, "offset", frame->offset);
        json_text(j, "build_id", frame->build_id);
        json_text(j, "file", frame->file);
        json_number(j, "line", frame->line);
        json_bool(j, "inlined", frame->inlined);
        json_text(j, "linkage_name", frame->linkage_name);
        json_end(j);
}

static void write_sizes(struct json_print *j, const struct report_leak *leak)
{
        json_array(j, "sizes", JSON_INLINE);
        for (size_t i = 0; i < leak->size_count; i++) {
                json_array(j, NULL, JSON_INLINE);
                json_number(j, NULL, leak->sizes[i].size);
                json_number(j, NULL, leak->sizes[i].blocks);
                json_end(j);
        }
        json_end(j);
}

static void write_stack(struct json_print *j, const struct report_leak *leak)
{
        json_array(j, "stack", JSON_LINES);
        for (size_t i = 0; i < leak->stack_count; i++)
                write_frame(j, &leak->stack[i]);
        json_end(j);
        json_bool(j, "stack_truncated", leak->stack_truncated);
}

static void write_members(struct json_print *j, const struct report_leak *leak)
{
        json_array(j, "processes", JSON_INLINE);
        for (size_t i = 0; i < leak->process_count; i++)
                json_signed(j, NULL, leak->processes[i]);
        json_end(j);
        json_array(j, "threads", JSON_INLINE);
        for (size_t i = 0; i < leak->thread_count; i++)
                json_number(j, NULL, leak->threads[i]);
        json_end(j);
}

static void write_weak_link(struct json_print *j, const struct report_leak *leak)
{
        if (leak->weak_strength == STRENGTH_NONE) {
                json_null(j, "weak_link");
                return;
        }
        json_object(j, "weak_link", JSON_INLINE);
        json_text(j, "strength", strength_name(leak->weak_strength));
        json_text(j, "why", leak->weak_why);
        json_end(j);
}

static void write_steps(struct json_print *j, const char *key, const struct report_step *steps, size_t count)
{
        json_array(j, key, JSON_LINES);
        for (size_t i = 0; i < count; i++) {
                json_object(j, NULL, JSON_INLINE);
                json_text(j, "type", steps[i].type);
                json_text(j, "site", steps[i].site);
                json_number(j, "size", steps[i].size);
                json_number(j, "offset", steps[i].offset);
                json_text(j, "field", steps[i].field);
                json_end(j);
        }
        json_end(j);
}

static void write_cycle(struct json_print *j, const struct report_cycle *cycle)
{
        if (!cycle) {
                json_null(j, "cycle");
                return;
        }
        json_object(j, "cycle", JSON_LINES);
        json_number(j, "blocks", cycle->blocks);
        json_number(j, "edges", cycle->edges);
        write_steps(j, "path", cycle->path, cycle->path_count);
        write_steps(j, "break_at", cycle->break_at, cycle->break_at_count);
        json_end(j);
}

/* `end` is "from" or "to": the end of the edge that is not the example. */
static void write_references(struct json_print *j, const char *key, const char *end,
                             const struct report_reference *references, size_t count)
{
        json_array(j, key, JSON_LINES);
        for (size_t i = 0; i < count; i++) {
                json_object(j, NULL, JSON_INLINE);
                json_text(j, end, *end == 'f' ? references[i].from : references[i].to);
                json_number(j, "offset", references[i].offset);
                json_text(j, "strength", strength_name(references[i].strength));
                json_end(j);
        }
        json_end(j);
}

static void write_example(struct json_print *j, const struct report_example *example)
{
        json_object(j, NULL, JSON_LINES);
        json_address(j, "address", example->address);
        json_number(j, "size", example->size);
        json_signed(j, "process", example->process);
        json_number(j, "thread", example->thread);
        json_number(j, "reference_count", example->reference_count);
        write_references(j, "referenced_by", "from", example->referenced_by, example->referenced_by_count);
        write_references(j, "references", "to", example->references, example->references_count);
        json_end(j);
}

static void write_leak(struct json_print *j, const struct report_leak *leak)
{
        json_object(j, NULL, JSON_LINES);
        json_text(j, "id", leak->id);
        json_text(j, "kind", kind_name(leak->kind));
        json_number(j, "blocks", leak->blocks);
        json_number(j, "bytes", leak->bytes);
        write_sizes(j, leak);
        json_number(j, "exclusive_bytes", leak->exclusive_bytes);
        json_number(j, "exclusive_blocks", leak->exclusive_blocks);
        json_text(j, "type", leak->type);
        write_stack(j, leak);
        write_members(j, leak);
        json_number(j, "first_ns", leak->first_ns);
        json_number(j, "last_ns", leak->last_ns);
        json_text(j, "status", leak_status_name(leak->status));
        json_text(j, "suppressed_by", leak->suppressed_by);
        write_texts(j, "owners", leak->owners, leak->owner_count);
        write_weak_link(j, leak);
        write_cycle(j, leak->cycle);
        json_array(j, "examples", JSON_LINES);
        for (size_t i = 0; i < leak->example_count; i++)
                write_example(j, &leak->examples[i]);
        json_end(j);
        json_end(j);
}

/* ---- the whole ------------------------------------------------------------ */

static void write_incomplete(struct json_print *j, const struct report *report)
{
        json_bool(j, "complete", report->complete);
        json_array(j, "incomplete", JSON_LINES);
        for (size_t i = 0; i < report->incomplete_count; i++) {
                json_object(j, NULL, JSON_INLINE);
                json_signed(j, "process", report->incomplete[i].process);
                json_text(j, "reason", report->incomplete[i].reason);
                json_end(j);
        }
        json_end(j);
}

static void write_suppressions(struct json_print *j, const struct report *report)
{
        json_array(j, "suppressions", JSON_LINES);
        for (size_t i = 0; i < report->suppression_count; i++) {
                const struct report_suppression *suppression = &report->suppressions[i];

                json_object(j, NULL, JSON_INLINE);
                json_text(j, "rule", suppression->rule);
                json_text(j, "file", suppression->file);
                json_number(j, "line", suppression->line);
                json_number(j, "blocks", suppression->blocks);
                json_number(j, "bytes", suppression->bytes);
                json_end(j);
        }
        json_end(j);
}

static void write_diagnostics(struct json_print *j, const struct report *report)
{
        json_array(j, "diagnostics", JSON_LINES);
        for (size_t i = 0; i < report->diagnostic_count; i++) {
                json_object(j, NULL, JSON_INLINE);
                json_text(j, "level", report->diagnostics[i].level);
                json_text(j, "code", report->diagnostics[i].code);
                json_text(j, "message", report->diagnostics[i].message);
                json_end(j);
        }
        json_end(j);
}

void json_write(const struct report *report, FILE *out)
{
        struct json_print j = json_print_to(out);

        json_object(&j, NULL, JSON_LINES);
        json_text(&j, "schema", REPORT_SCHEMA);
        json_text(&j, "weir_version", report->weir_version);
        write_texts(&j, "command", report->command, report->command_count);
        json_text(&j, "started", report->started);
        json_number(&j, "duration_ns", report->duration_ns);
        write_incomplete(&j, report);
        write_summary(&j, report);
        write_gate(&j, report);
        json_array(&j, "processes", JSON_LINES);
        for (size_t i = 0; i < report->process_count; i++)
                write_process(&j, &report->processes[i]);
        json_end(&j);
        json_array(&j, "leaks", JSON_LINES);
        for (size_t i = 0; i < report->leak_count; i++)
                write_leak(&j, &report->leaks[i]);
        json_end(&j);
        write_suppressions(&j, report);
        write_diagnostics(&j, report);
        json_end(&j);
}
