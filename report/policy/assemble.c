#include "assemble.h"

#include "../mem.h"
#include "draft.h"
#include "findings.h"
#include "own_rules.h"
#include "places.h"
#include "shortcomings.h"

#include <string.h>
#include <time.h>

/* ---- processes ------------------------------------------------------------ */

static const char *hex(struct report *report, const uint8_t *bytes, size_t length)
{
        static const char digits[] = "0123456789abcdef";
        char *text = report_array(report, 2 * length + 1, 1);

        for (size_t i = 0; text && i < length; i++) {
                text[2 * i] = digits[bytes[i] >> 4];
                text[2 * i + 1] = digits[bytes[i] & 15];
        }
        return text;
}

static int strings(struct report *report, char *const *from, size_t count, const char ***to, size_t *to_count)
{
        *to = report_array(report, count, sizeof **to);
        *to_count = count;
        for (size_t i = 0; *to && i < count; i++)
                if (!((*to)[i] = report_string(report, from[i])))
                        return -1;
        return *to ? 0 : -1;
}

static void totals_of(const struct process *process, struct report_totals *to)
{
        const struct live_totals *from = &process->totals;

        *to = (struct report_totals){
                .events = from->events,
                .events_lost = process->lost_allocations + process->lost_releases + process->lost_mappings,
                .allocations = from->allocations,
                .frees = from->frees,
                .allocated_bytes = from->allocated_bytes,
                .peak_bytes = from->peak_bytes,
                .live_blocks = from->live_blocks,
                .live_bytes = from->live_bytes,
                .threads = process->thread_count - process->quiet_count,
                .inherited_frees = from->inherited_frees,
                .unknown_frees = from->unknown_frees,
                .reused = from->reused,
                .mapped_blocks = from->mapped_blocks,
                .mapped_bytes = from->mapped_bytes,
        };
}

static int snapshot_of(struct report *report, const struct findings *findings, struct report_process *to)
{
        if (!findings || !findings->taken)
                return 0;
        to->snapshot.taken = true;
        to->snapshot.at = report_string(report, findings->at);
        to->snapshot.method = report_string(report, findings->method);
        to->snapshot.pause_ns = findings->pause_ns;
        to->snapshot.threads = findings->threads;
        to->snapshot.roots_bytes = findings->roots_bytes;
        to->snapshot.heap_bytes = findings->heap_bytes;
        to->snapshot.blocks = findings->blocks;
        to->snapshot.edges = findings->edges;
        return to->snapshot.at && to->snapshot.method ? 0 : -1;
}

static int process_of(struct report *report, const struct process *process, struct report_process *to)
{
        to->pid = process->pid;
        to->ppid = process->ppid;
        to->end_how = process->end_how;
        to->end_status = process->end_status;
        if (strings(report, process->argv, process->argv_count, &to->argv, &to->argv_count))
                return -1;
        if (*process->exe && !(to->exe = report_string(report, process->exe)))
                return -1;
        if (process->build_id_length && !(to->build_id = hex(report, process->build_id, process->build_id_length)))
                return -1;
        if (process->end_exec && !(to->end_exec = report_string(report, process->end_exec)))
                return -1;
        totals_of(process, &to->totals);
        return snapshot_of(report, process->findings, to);
}

static void add_totals(struct report_totals *sum, const struct report_totals *more)
{
        sum->events += more->events;
        sum->events_lost += more->events_lost;
        sum->allocations += more->allocations;
        sum->frees += more->frees;
        sum->allocated_bytes += more->allocated_bytes;
        sum->live_blocks += more->live_blocks;
        sum->live_bytes += more->live_bytes;
        sum->threads += more->threads;
        sum->inherited_frees += more->inherited_frees;
        sum->unknown_frees += more->unknown_frees;
        sum->reused += more->reused;
        sum->mapped_blocks += more->mapped_blocks;
        sum->mapped_bytes += more->mapped_bytes;
        if (more->peak_bytes > sum->peak_bytes)
                sum->peak_bytes = more->peak_bytes;
}

static int processes(struct report *report, const struct collector_result *run)
{
        size_t i = 0;

        report->processes = report_array(report, run->process_count, sizeof *report->processes);
        if (!report->processes)
                return -1;
        for (const struct process *p = run->processes; p && i < run->process_count; p = p->next, i++) {
                if (process_of(report, p, &report->processes[i]))
                        return -1;
                add_totals(&report->summary.totals, &report->processes[i].totals);
        }
        for (size_t k = 0; k < run->left_out_count; k++)
                report->summary.left_out += run->left_out[k].count;
        report->process_count = report->summary.processes = i;
        report->summary.threads = report->summary.totals.threads;
        return 0;
}

/* ---- leaks ------------------------------------------------------------------ */

static size_t count_findings(const struct collector_result *run)
{
        size_t count = 0;

        for (const struct process *p = run->processes; p; p = p->next)
                if (p->findings)
                        count += ((const struct findings *)p->findings)->count;
        return count;
}

/* What no leak of the list tells. */
static void add_sums(struct report *report, const struct findings *findings)
{
        struct report_kind *reachable = &report->summary.kinds[KIND_REACHABLE];

        reachable->blocks += findings->kinds[KIND_REACHABLE].blocks;
        reachable->bytes += findings->kinds[KIND_REACHABLE].bytes;
        report->summary.shared_blocks += findings->shared_blocks;
        report->summary.shared_bytes += findings->shared_bytes;
}

static int leaks(struct report *report, const struct collector_result *run, struct symbols *symbols, struct error *e)
{
        size_t total = count_findings(run);
        struct drafts drafts;
        int status = 0;

        if (drafts_init(&drafts, report, symbols, total, e))
                return -1;
        for (struct process *p = run->processes; p && !status; p = p->next) {
                const struct findings *findings = p->findings;

                if (!findings)
                        continue;
                add_sums(report, findings);
                status = drafts_begin(&drafts, p, findings, e);
                for (size_t i = 0; i < findings->count && !status; i++)
                        status = drafts_add(&drafts, i, e);
                if (!status)
                        status = drafts_end(&drafts, e);
        }
        if (!status)
                status = drafts_finish(&drafts, e);
        drafts_deinit(&drafts);
        return status;
}

/* ---- what keeps the memory ------------------------------------------------ */

static int retained(struct report *report, const struct collector_result *run)
{
        report->has_retained = true;
        report->retained = report_array(report, run->process_count, sizeof *report->retained);
        if (!report->retained)
                return -1;
        for (const struct process *p = run->processes; p; p = p->next) {
                struct findings *findings = p->findings;

                if (!findings || !findings->retained)
                        continue;
                report->retained[report->retained_count++] = *findings->retained;
                report_adopt(report, findings->retained_memory);
                report_destroy(findings->retained_memory);
                findings->retained = NULL;
                findings->retained_memory = NULL;
        }
        return 0;
}

/* ---- the whole ---------------------------------------------------------------- */

static int heading(struct report *report, const struct collector_result *run, const struct assemble_options *options)
{
        const time_t started = (time_t)run->started_s;
        size_t count = 0;
        struct tm utc;
        char text[32];

        report->duration_ns = run->duration_ns;
        if (!gmtime_r(&started, &utc) || !strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &utc))
                text[0] = '\0';
        report->started = report_string(report, text);
        if (options->command) {
                while (options->command[count])
                        count++;
                return strings(report, options->command, count, &report->command, &report->command_count);
        }
        if (run->processes)
                return strings(report, run->processes->argv, run->processes->argv_count, &report->command,
                               &report->command_count);
        return strings(report, NULL, 0, &report->command, &report->command_count);
}

int assemble(struct report *report, const struct collector_result *run, struct symbols *symbols,
             const struct assemble_options *options, struct error *e)
{
        if (heading(report, run, options) || !report->started || processes(report, run))
                return error_no_memory(e, "writing the report");
        if (places_prepare(run, symbols, options->all_names, options->progress, options->context, e) ||
            leaks(report, run, symbols, e) || shortcomings(report, run, symbols, e))
                return -1;
        report_sort(report);
        if (options->retained && retained(report, run))
                return error_no_memory(e, "writing the report");
        return own_rules_apply(report, run, e);
}
