/* What the text says after the leaks: processes, rules, gaps, totals, verdict. */
#include "text.h"

#include "frames.h"

#include <inttypes.h>
#include <string.h>

/* ---- processes ------------------------------------------------------------ */

static bool went_wrong(const struct report_process *process)
{
        return !process->complete || process->end_how == END_SIGNALED || process->end_how == END_RUNNING ||
               process->totals.events_lost;
}

static void print_end(const struct ink *ink, const struct report_process *process)
{
        switch (process->end_how) {
        case END_EXITED:
                ink_print(ink, process->end_status ? INK_YELLOW : INK_PLAIN, "exited %" PRId32, process->end_status);
                break;
        case END_SIGNALED:
                ink_print(ink, INK_YELLOW, "killed by signal %" PRId32, process->end_status);
                break;
        case END_EXEC:
                ink_print(ink, INK_PLAIN, "became ");
                ink_text(ink, INK_PLAIN, process->end_exec ? path_base(process->end_exec) : "another program", 60);
                break;
        case END_RUNNING:
                ink_print(ink, INK_PLAIN, "still running");
                break;
        }
}

static void print_process(const struct ink *ink, const struct report_process *process)
{
        const char *name = process->exe ? path_base(process->exe) : process->argv_count ? process->argv[0] : "?";

        ink_print(ink, INK_PLAIN, "  %7" PRId32 "  ", process->pid);
        ink_text(ink, INK_PLAIN, name, 40);
        ink_pad(ink, 20 - (ink_width(name, 40) < 20 ? ink_width(name, 40) : 20) + 1);
        print_end(ink, process);
        ink_print(ink, INK_PLAIN, "; ");
        ink_count(ink, INK_PLAIN, process->totals.allocations, "allocation");
        ink_print(ink, INK_PLAIN, ", ");
        ink_count(ink, INK_PLAIN, process->totals.live_blocks, "live block");
        ink_print(ink, INK_PLAIN, ", ");
        ink_bytes(ink, INK_PLAIN, process->totals.live_bytes);
        if (!process->complete)
                ink_print(ink, INK_YELLOW, "; INCOMPLETE");
        putc('\n', ink->out);
}

/* A table of all would bury the rest: the wrong ones, and the first others. */
static void print_processes(const struct ink *ink, const struct report *report)
{
        enum { MOST = 24 };
        size_t wrong = 0, shown = 0, skipped = 0;

        for (size_t i = 0; i < report->process_count; i++)
                wrong += went_wrong(&report->processes[i]);
        if (!wrong && report->process_count < 2)
                return;
        ink_print(ink, INK_BOLD, "processes:\n");
        for (size_t i = 0; i < report->process_count; i++) {
                const struct report_process *process = &report->processes[i];

                if (report->process_count > MOST && !went_wrong(process) && shown >= MOST) {
                        skipped++;
                        continue;
                }
                print_process(ink, process);
                shown++;
        }
        if (skipped) {
                ink_print(ink, INK_PLAIN, "  ... and ");
                ink_number(ink, INK_PLAIN, skipped);
                ink_print(ink, INK_PLAIN, " more, which ended well\n");
        }
        putc('\n', ink->out);
}

/* ---- what weir has to say ------------------------------------------------- */

static bool is_unused(const struct report_suppression *suppression)
{
        return !suppression->blocks && suppression->file;
}

static void print_unused(const struct ink *ink, const struct report *report)
{
        for (size_t i = 0; i < report->suppression_count; i++) {
                const struct report_suppression *rule = &report->suppressions[i];

                if (!is_unused(rule))
                        continue;
                ink_print(ink, INK_YELLOW, "warning: ");
                ink_text(ink, INK_PLAIN, rule->file, 0);
                ink_print(ink, INK_PLAIN, ":%" PRIu32 ": this suppression matched nothing: ", rule->line);
                ink_text(ink, INK_PLAIN, rule->rule, 100);
                putc('\n', ink->out);
        }
}

static void print_diagnostics(const struct ink *ink, const struct report *report)
{
        for (size_t i = 0; i < report->diagnostic_count; i++) {
                const struct report_diagnostic *d = &report->diagnostics[i];
                bool note = !strcmp(d->level, "note"), failed = !strcmp(d->level, "error");

                ink_text(ink, failed ? INK_RED : note ? INK_DIM : INK_YELLOW, d->level, 0);
                ink_print(ink, INK_PLAIN, ": ");
                ink_text(ink, note ? INK_DIM : INK_PLAIN, d->message, 0);
                putc('\n', ink->out);
        }
}

static void print_incomplete(const struct ink *ink, const struct report *report)
{
        if (report->complete)
                return;
        ink_print(ink, INK_RED, "INCOMPLETE:");
        ink_print(ink, INK_PLAIN, " weir could not see everything; there may be more leaks than are told.\n");
        for (size_t i = 0; i < report->incomplete_count; i++) {
                ink_print(ink, INK_PLAIN, "  ");
                if (report->incomplete[i].process)
                        ink_print(ink, INK_PLAIN, "process %" PRId32 ": ", report->incomplete[i].process);
                ink_text(ink, INK_PLAIN, report->incomplete[i].reason, 0);
                putc('\n', ink->out);
        }
}

/* ---- totals --------------------------------------------------------------- */

static void print_heap(const struct ink *ink, const struct report *report)
{
        const struct report_totals *t = &report->summary.totals;

        ink_print(ink, INK_BOLD, "heap: ");
        ink_count(ink, INK_PLAIN, t->allocations, "allocation");
        ink_print(ink, INK_PLAIN, " of ");
        ink_bytes(ink, INK_PLAIN, t->allocated_bytes);
        ink_print(ink, INK_PLAIN, ", ");
        ink_count(ink, INK_PLAIN, t->frees, "release");
        ink_print(ink, INK_PLAIN, ", peak ");
        ink_bytes(ink, INK_PLAIN, t->peak_bytes);
        ink_print(ink, INK_PLAIN, "; at the end ");
        ink_bytes(ink, INK_PLAIN, t->live_bytes);
        ink_print(ink, INK_PLAIN, " in ");
        ink_count(ink, INK_PLAIN, t->live_blocks, "block");
        if (t->mapped_blocks) {
                ink_print(ink, INK_PLAIN, ", and ");
                ink_bytes(ink, INK_PLAIN, t->mapped_bytes);
                ink_print(ink, INK_PLAIN, " in ");
                ink_count(ink, INK_PLAIN, t->mapped_blocks, "mapping");
        }
        putc('\n', ink->out);
        if (!t->events_lost)
                return;
        ink_count(ink, INK_RED, t->events_lost, "event");
        ink_print(ink, INK_RED, " of the trace were lost\n");
}

static void print_kind(const struct ink *ink, const char *name, const struct report_kind *kind)
{
        if (!kind->groups && !kind->blocks)
                return;
        ink_print(ink, INK_PLAIN, "  %-11s", name);
        ink_bytes(ink, INK_PLAIN, kind->bytes);
        ink_print(ink, INK_PLAIN, " in ");
        ink_count(ink, INK_PLAIN, kind->blocks, "block");
        if (kind->groups) {
                ink_print(ink, INK_DIM, ", ");
                ink_count(ink, INK_DIM, kind->groups, "group");
        }
        putc('\n', ink->out);
}

static struct report_kind known_leaks(const struct report *report)
{
        struct report_kind known = { 0 };

        for (size_t i = 0; i < report->leak_count; i++) {
                if (report->leaks[i].status != LEAK_KNOWN)
                        continue;
                known.groups++;
                known.blocks += report->leaks[i].blocks;
                known.bytes += report->leaks[i].bytes;
        }
        return known;
}

static void print_kinds(const struct ink *ink, const struct report *report)
{
        struct report_kind known = known_leaks(report);

        for (int i = 0; i < KIND_COUNT; i++)
                print_kind(ink, kind_name((enum kind)i), &report->summary.kinds[i]);
        print_kind(ink, "suppressed", &report->summary.suppressed);
        print_kind(ink, "known", &known);
        if (report->summary.shared_blocks) {
                ink_print(ink, INK_PLAIN, "  shared     ");
                ink_bytes(ink, INK_PLAIN, report->summary.shared_bytes);
                ink_print(ink, INK_PLAIN, " in ");
                ink_count(ink, INK_PLAIN, report->summary.shared_blocks, "block");
                ink_print(ink, INK_DIM, ", held by several leaks\n");
        }
}

void text_summary(const struct ink *ink, const struct report *report)
{
        print_processes(ink, report);
        print_unused(ink, report);
        print_diagnostics(ink, report);
        print_incomplete(ink, report);
        print_heap(ink, report);
        print_kinds(ink, report);
        text_gate(ink, report);
}

/* ---- verdict -------------------------------------------------------------- */

static struct report_kind sum(const struct report *report, uint32_t kinds)
{
        struct report_kind all = { 0 };

        for (int i = 0; i < KIND_COUNT; i++) {
                if (!(kinds & 1u << i))
                        continue;
                all.groups += report->summary.kinds[i].groups;
                all.blocks += report->summary.kinds[i].blocks;
                all.bytes += report->summary.kinds[i].bytes;
        }
        return all;
}

static void print_amount(const struct ink *ink, enum ink_style style, const struct report_kind *kind)
{
        ink_bytes(ink, style, kind->bytes);
        ink_print(ink, style, " in ");
        ink_count(ink, style, kind->blocks, "block");
}

static void print_found(const struct ink *ink, const struct report *report)
{
        const struct report_kind heads = sum(report, 1u << KIND_DEFINITE | 1u << KIND_CYCLE);
        const struct report_kind lost = sum(report, 1u << KIND_DEFINITE | 1u << KIND_CYCLE | 1u << KIND_INDIRECT);
        const struct report_kind *possible = &report->summary.kinds[KIND_POSSIBLE];
        const struct report_kind *unknown = &report->summary.kinds[KIND_UNKNOWN];

        if (lost.groups) {
                ink_count(ink, INK_RED, heads.groups ? heads.groups : lost.groups, "leak");
                ink_print(ink, INK_RED, ", ");
                print_amount(ink, INK_RED, &lost);
                ink_print(ink, INK_RED, " lost");
        } else if (report->complete) {
                ink_print(ink, INK_GREEN, "no leaks");
        } else {
                ink_print(ink, INK_YELLOW, "no leaks found in what could be seen");
        }
        if (possible->groups) {
                ink_print(ink, INK_YELLOW, "; possibly ");
                print_amount(ink, INK_YELLOW, possible);
        }
        if (unknown->groups) {
                ink_print(ink, INK_YELLOW, "; unknown ");
                print_amount(ink, INK_YELLOW, unknown);
        }
}

void text_conclusion(const struct ink *ink, const struct report *report)
{
        print_found(ink, report);
        if (report->summary.suppressed.blocks) {
                ink_print(ink, INK_PLAIN, "; suppressed ");
                print_amount(ink, INK_PLAIN, &report->summary.suppressed);
        }
        if (report->gate.has_baseline)
                ink_print(ink, INK_PLAIN, "; %" PRIu64 " new", report->gate.baseline_new);
        if (!report->complete)
                ink_print(ink, INK_RED, "; the report is INCOMPLETE");
        switch (report->gate.status) {
        case GATE_OFF:
                break;
        case GATE_PASS:
                ink_print(ink, INK_GREEN, "; the gate passed");
                break;
        case GATE_FAIL:
                ink_print(ink, INK_RED, "; the gate FAILED");
                break;
        case GATE_INCOMPLETE:
                ink_print(ink, INK_RED, "; the gate cannot pass");
                break;
        }
}

void text_verdict(const struct ink *ink, const struct report *report)
{
        ink_print(ink, INK_BOLD, "weir: ");
        text_conclusion(ink, report);
        putc('\n', ink->out);
}
