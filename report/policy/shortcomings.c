#include "shortcomings.h"

#include "../mem.h"
#include "findings.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* The two lists while they grow; copied into the report at the end. */
struct lists {
        struct report *report;
        struct report_reason *reasons;
        size_t reason_count, reason_capacity;
        struct report_diagnostic *diagnostics;
        size_t diagnostic_count, diagnostic_capacity;
        bool no_memory;
};

static void __attribute__((format(printf, 3, 4)))
incomplete(struct lists *lists, int32_t process, const char *format, ...)
{
        char text[2 * WEIR_PATH_MAX];
        va_list args;

        va_start(args, format);
        (void)vsnprintf(text, sizeof text, format, args);
        va_end(args);
        if (mem_grow(&lists->reasons, &lists->reason_capacity, lists->reason_count + 1, sizeof *lists->reasons)) {
                lists->no_memory = true;
                return;
        }
        lists->reasons[lists->reason_count] =
                (struct report_reason){ .process = process, .reason = report_string(lists->report, text) };
        lists->no_memory |= !lists->reasons[lists->reason_count].reason;
        lists->reason_count++;
}

static void __attribute__((format(printf, 4, 5)))
diagnose(struct lists *lists, const char *level, const char *code, const char *format, ...)
{
        char text[2 * WEIR_PATH_MAX];
        va_list args;

        va_start(args, format);
        (void)vsnprintf(text, sizeof text, format, args);
        va_end(args);
        if (mem_grow(&lists->diagnostics, &lists->diagnostic_capacity, lists->diagnostic_count + 1,
                     sizeof *lists->diagnostics)) {
                lists->no_memory = true;
                return;
        }
        lists->diagnostics[lists->diagnostic_count] =
                (struct report_diagnostic){ .level = level, .code = code, .message = report_string(lists->report, text) };
        lists->no_memory |= !lists->diagnostics[lists->diagnostic_count].message;
        lists->diagnostic_count++;
}

/* ---- one process ---------------------------------------------------------------- */

static void losses(struct lists *lists, const struct process *p)
{
        const struct {
                uint64_t count;
                const char *what;
        } lost[] = {
                { p->lost_allocations, "allocations were not recorded" },
                { p->lost_releases, "releases were not recorded, so blocks may be told as live that are not" },
                { p->lost_mappings, "mappings were not recorded" },
                { p->lost_notes, "notes (modules, programs run) were not recorded" },
                { p->lost_stacks, "blocks were recorded without a stack: the stack table was full" },
                { p->lost_threads, "threads did not fit the thread table" },
                { p->garbage, "records made no sense: the program wrote over weir's memory" },
                { p->totals.restores_lost, "failed reallocs released a block that weir did not know" },
        };

        for (size_t i = 0; i < sizeof lost / sizeof lost[0]; i++)
                if (lost[i].count)
                        incomplete(lists, p->pid, "%" PRIu64 " %s", lost[i].count, lost[i].what);
        if (p->live.no_memory)
                incomplete(lists, p->pid, "weir had no memory for all of its blocks");
}

/* It is gone, and blocks were live: nobody can say whether they leaked. */
static void unknown_blocks(struct lists *lists, const struct process *p, const struct findings *findings)
{
        const struct report_kind *unknown = &findings->kinds[KIND_UNKNOWN];
        const char *how = "ended";
        char signal[32];

        if (!unknown->blocks)
                return;
        if (p->end_how == END_SIGNALED) {
                (void)snprintf(signal, sizeof signal, "was killed by signal %" PRId32, p->end_status);
                how = signal;
        }
        incomplete(lists, p->pid,
                   "it %s before its heap could be looked at: %" PRIu64 " blocks (%" PRIu64
                   " bytes) are of kind unknown",
                   how, unknown->blocks, unknown->bytes);
}

static void remarks(struct lists *lists, const struct process *p)
{
        if (p->totals.unknown_frees)
                diagnose(lists, "warning", "unknown-free",
                         "process %" PRId32 " released %" PRIu64 " blocks that weir never saw allocated", p->pid,
                         p->totals.unknown_frees);
        if (p->totals.reused)
                diagnose(lists, "warning", "reused-address",
                         "process %" PRId32 " allocated %" PRIu64 " blocks at addresses that were still live", p->pid,
                         p->totals.reused);
        if (p->truncated_stacks)
                diagnose(lists, "note", "truncated-stacks",
                         "process %" PRId32 ": %" PRIu64 " stacks could not be walked to their end", p->pid,
                         p->truncated_stacks);
        if (p->checked_stacks)
                diagnose(lists, p->mismatched_stacks ? "error" : "note", "checked-stacks",
                         "process %" PRId32 ": %" PRIu64 " stacks compared with libunwind's, %" PRIu64 " differed", p->pid,
                         p->checked_stacks, p->mismatched_stacks);
        if (!p->end_known && p->end_how == END_SIGNALED)
                diagnose(lists, "note", "end-unknown",
                         "process %" PRId32 " vanished without a word: told as killed by signal 9", p->pid);
}

static void of_process(struct lists *lists, const struct process *p)
{
        const struct findings *findings = p->findings;
        size_t messages = 0;

        for (size_t i = 0; i < p->message_count; i++) {
                if (p->messages[i].incomplete)
                        incomplete(lists, p->pid, "%s", p->messages[i].text);
                else
                        diagnose(lists, "note", "process", "process %" PRId32 ": %s", p->pid, p->messages[i].text);
                messages += p->messages[i].incomplete;
        }
        losses(lists, p);
        if (findings) {
                for (size_t i = 0; i < findings->limit_count; i++)
                        incomplete(lists, p->pid, "%s", findings->limits[i]);
                if (!messages)
                        unknown_blocks(lists, p, findings);
        } else if (p->totals.live_blocks) {
                incomplete(lists, p->pid, "its heap was not looked at");
        }
        remarks(lists, p);
}

/* ---- the session ------------------------------------------------------------------ */

/* "processes left out: 120 (sh 80, gcc 20, cc1 20)". */
static void left_out(struct lists *lists, const struct collector_result *run)
{
        enum { NAMES = 8 };
        char names[1024] = "";
        uint64_t count = 0;
        size_t used = 0;

        for (size_t i = 0; i < run->left_out_count; i++) {
                const struct collector_left_out *entry = &run->left_out[i];

                count += entry->count;
                if (i < NAMES && used < sizeof names)
                        used += (size_t)snprintf(names + used, sizeof names - used, "%s%.80s %" PRIu64, i ? ", " : "",
                                                 *entry->name ? entry->name : "?", entry->count);
        }
        if (count)
                diagnose(lists, "note", "left-out",
                         "processes left out: %" PRIu64 " (%s%s); --trace-all leaves out none, --only-exe and "
                         "--skip-exe choose",
                         count, names, run->left_out_count > NAMES ? ", ..." : "");
}

static void of_session(struct lists *lists, const struct collector_result *run)
{
        for (size_t i = 0; i < run->untraced_count; i++) {
                const struct collector_untraced *u = &run->untraced[i];

                incomplete(lists, u->pid, "%s ran untraced: %s", *u->exe ? u->exe : "a program", u->reason);
        }
        if (run->refused)
                incomplete(lists, 0, "%" PRIu32 " processes could not be given a channel and ran untraced", run->refused);
        left_out(lists, run);
        if (!run->processes && run->left_out_count)
                incomplete(lists, 0, "no process was traced: all programs were left out; --trace-all leaves out none");
        else if (!run->processes)
                incomplete(lists, 0, "no process was traced: the program never loaded libweir.so");
}

static int keep(struct lists *lists)
{
        struct report *report = lists->report;

        report->incomplete = report_array(report, lists->reason_count, sizeof *report->incomplete);
        report->diagnostics = report_array(report, lists->diagnostic_count, sizeof *report->diagnostics);
        if (!report->incomplete || !report->diagnostics || lists->no_memory)
                return -1;
        if (lists->reason_count)
                memcpy(report->incomplete, lists->reasons, lists->reason_count * sizeof *lists->reasons);
        if (lists->diagnostic_count)
                memcpy(report->diagnostics, lists->diagnostics, lists->diagnostic_count * sizeof *lists->diagnostics);
        report->incomplete_count = lists->reason_count;
        report->diagnostic_count = lists->diagnostic_count;
        report->complete = !lists->reason_count;
        return 0;
}

static void symbol_file(void *context, const char *message)
{
        diagnose(context, "warning", "symbols", "%s", message);
}

int shortcomings(struct report *report, const struct collector_result *run, struct symbols *symbols, struct error *e)
{
        struct lists lists = { .report = report };
        size_t index = 0;
        int status;

        for (const struct process *p = run->processes; p && index < report->process_count; p = p->next, index++) {
                size_t before = lists.reason_count;

                of_process(&lists, p);
                report->processes[index].complete = before == lists.reason_count;
        }
        of_session(&lists, run);
        symbols_each_message(symbols, symbol_file, &lists);
        status = keep(&lists);
        mem_free(lists.reasons);
        mem_free(lists.diagnostics);
        return status ? error_no_memory(e, "listing what was not seen") : 0;
}
