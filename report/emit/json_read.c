#include "json_read.h"

#include "../mem.h"
#include "json_parts.h"
#include "slurp.h"
#include "take.h"

#include <string.h>

enum { FILE_MOST = 1 << 30 }; /* bytes; a larger file is no report */

static int read_text(struct take *at, const json_t *element, void *object)
{
        return take_value(at, element, &(const struct take_field){ NULL, TAKE_TEXT, 0, NULL }, object);
}

/* ---- processes ------------------------------------------------------------ */

static int read_totals(struct take *at, const json_t *value, struct report_totals *totals)
{
        static const struct take_field fields[] = {
                TAKE_FIELD(report_totals, TAKE_U64, threads),
                TAKE_FIELD(report_totals, TAKE_U64, events),
                TAKE_FIELD(report_totals, TAKE_U64, events_lost),
                TAKE_FIELD(report_totals, TAKE_U64, allocations),
                TAKE_FIELD(report_totals, TAKE_U64, frees),
                TAKE_FIELD(report_totals, TAKE_U64, peak_bytes),
                TAKE_FIELD(report_totals, TAKE_U64, allocated_bytes),
                TAKE_FIELD(report_totals, TAKE_U64, live_blocks),
                TAKE_FIELD(report_totals, TAKE_U64, live_bytes),
                TAKE_FIELD(report_totals, TAKE_U64, reused),
                TAKE_FIELD(report_totals, TAKE_U64, inherited_frees),
                TAKE_FIELD(report_totals, TAKE_U64, unknown_frees),
                TAKE_FIELD(report_totals, TAKE_U64, mapped_blocks),
                TAKE_FIELD(report_totals, TAKE_U64, mapped_bytes),
        };

        return take_fields(at, value, fields, TAKE_COUNT(fields), totals);
}

static int read_snapshot(struct take *at, const json_t *process_value, struct report_process *process)
{
        static const struct take_field fields[] = {
                TAKE_AS("at", report_process, TAKE_MAYBE_TEXT, snapshot.at),
                TAKE_AS("method", report_process, TAKE_MAYBE_TEXT, snapshot.method),
                TAKE_AS("pause_ns", report_process, TAKE_U64, snapshot.pause_ns),
                TAKE_AS("threads", report_process, TAKE_U64, snapshot.threads),
                TAKE_AS("roots_bytes", report_process, TAKE_U64, snapshot.roots_bytes),
                TAKE_AS("heap_bytes", report_process, TAKE_U64, snapshot.heap_bytes),
                TAKE_AS("blocks", report_process, TAKE_U64, snapshot.blocks),
                TAKE_AS("edges", report_process, TAKE_U64, snapshot.edges),
        };

        return take_maybe_object(at, process_value, "snapshot", fields, TAKE_COUNT(fields), process,
                                 &process->snapshot.taken);
}

static int read_end(struct take *at, const json_t *process_value, struct report_process *process)
{
        static const struct take_field fields[] = {
                { "how", TAKE_ENUM, offsetof(struct report_process, end_how), end_how_names },
                TAKE_AS("status", report_process, TAKE_I32, end_status),
                TAKE_AS("exec", report_process, TAKE_MAYBE_TEXT, end_exec),
        };

        return take_object(at, process_value, "end", fields, TAKE_COUNT(fields), process);
}

static int read_process(struct take *at, const json_t *element, void *object)
{
        static const struct take_field fields[] = {
                TAKE_FIELD(report_process, TAKE_PID, pid),        TAKE_FIELD(report_process, TAKE_PID, ppid),
                TAKE_FIELD(report_process, TAKE_MAYBE_TEXT, exe), TAKE_FIELD(report_process, TAKE_MAYBE_TEXT, build_id),
                TAKE_FIELD(report_process, TAKE_BOOL, complete),
        };
        struct report_process *process = object;
        size_t above;

        if (take_fields(at, element, fields, TAKE_COUNT(fields), process) ||
            take_list(at, element, "argv", sizeof *process->argv, read_text, &process->argv, &process->argv_count) ||
            read_end(at, element, process) || read_snapshot(at, element, process))
                return -1;
        above = take_down(at, "totals");
        if (read_totals(at, json_object_get(element, "totals"), &process->totals))
                return -1;
        take_up(at, above);
        return 0;
}

/* ---- summary and gate ----------------------------------------------------- */

static int read_kind(struct take *at, const json_t *sums, const char *name, struct report_kind *kind)
{
        static const struct take_field fields[] = {
                TAKE_FIELD(report_kind, TAKE_U64, groups),
                TAKE_FIELD(report_kind, TAKE_U64, blocks),
                TAKE_FIELD(report_kind, TAKE_U64, bytes),
        };

        return take_object(at, sums, name, fields, TAKE_COUNT(fields), kind);
}

static int read_kinds(struct take *at, const json_t *summary, struct report *report)
{
        json_t *sums = take_member(at, summary, "kinds", JSON_OBJECT);
        size_t above;

        if (!sums)
                return -1;
        above = take_down(at, "kinds");
        for (int i = 0; i < KIND_COUNT; i++)
                if (read_kind(at, sums, kind_names[i], &report->summary.kinds[i]))
                        return -1;
        if (read_kind(at, sums, "suppressed", &report->summary.suppressed))
                return -1;
        take_up(at, above);
        return 0;
}

static int read_shared(struct take *at, const json_t *summary, struct report *report)
{
        static const struct take_field fields[] = {
                TAKE_AS("blocks", report, TAKE_U64, summary.shared_blocks),
                TAKE_AS("bytes", report, TAKE_U64, summary.shared_bytes),
        };

        return take_object(at, summary, "shared", fields, TAKE_COUNT(fields), report);
}

static int read_summary(struct take *at, const json_t *root, struct report *report)
{
        static const struct take_field fields[] = {
                TAKE_AS("processes", report, TAKE_U64, summary.processes),
                TAKE_AS("threads", report, TAKE_U64, summary.threads),
                TAKE_AS("cycles", report, TAKE_U64, summary.cycles),
                { "left_out", TAKE_U64, offsetof(struct report, summary.left_out), NULL, true },
        };
        const json_t *summary = take_member(at, root, "summary", JSON_OBJECT);
        size_t above;

        if (!summary)
                return -1;
        above = take_down(at, "summary");
        if (take_fields(at, summary, fields, TAKE_COUNT(fields), report) ||
            read_totals(at, summary, &report->summary.totals) || read_kinds(at, summary, report) ||
            read_shared(at, summary, report))
                return -1;
        take_up(at, above);
        return 0;
}

static int read_rule(struct take *at, const json_t *element, void *object)
{
        static const struct take_field fields[] = {
                TAKE_FIELD(report_rule, TAKE_TEXT, rule),
                TAKE_FIELD(report_rule, TAKE_U64, limit),
                TAKE_FIELD(report_rule, TAKE_U64, value),
                TAKE_FIELD(report_rule, TAKE_BOOL, pass),
        };

        return take_fields(at, element, fields, TAKE_COUNT(fields), object);
}

static int read_gone(struct take *at, const json_t *element, void *object)
{
        static const struct take_field fields[] = {
                TAKE_FIELD(report_gone, TAKE_FINGERPRINT, id),  TAKE_WORD(report_gone, kind, kind_names),
                TAKE_FIELD(report_gone, TAKE_U64, blocks),      TAKE_FIELD(report_gone, TAKE_U64, bytes),
                TAKE_FIELD(report_gone, TAKE_MAYBE_TEXT, site),
        };

        return take_fields(at, element, fields, TAKE_COUNT(fields), object);
}

static int read_baseline(struct take *at, const json_t *gate, struct report *report)
{
        static const struct take_field fields[] = {
                TAKE_AS("new", report, TAKE_U64, gate.baseline_new),
                TAKE_AS("known", report, TAKE_U64, gate.baseline_known),
                TAKE_AS("gone", report, TAKE_U64, gate.baseline_gone),
                TAKE_AS("grown", report, TAKE_U64, gate.baseline_grown),
        };
        json_t *value;
        size_t above;

        if (take_maybe(at, gate, "baseline", JSON_OBJECT, &value))
                return -1;
        report->gate.has_baseline = value != NULL;
        if (!value)
                return 0;
        above = take_down(at, "baseline");
        if (take_fields(at, value, fields, TAKE_COUNT(fields), report))
                return -1;
        if (json_object_get(value, "gone_leaks") &&
            take_list(at, value, "gone_leaks", sizeof *report->gate.gone, read_gone, &report->gate.gone,
                      &report->gate.gone_count))
                return -1;
        take_up(at, above);
        return 0;
}

static int read_gate(struct take *at, const json_t *root, struct report *report)
{
        static const struct take_field fields[] = {
                { "status", TAKE_ENUM, offsetof(struct report, gate.status), gate_status_names },
        };
        const json_t *gate = take_member(at, root, "gate", JSON_OBJECT);
        size_t above;

        if (!gate)
                return -1;
        above = take_down(at, "gate");
        if (take_fields(at, gate, fields, TAKE_COUNT(fields), report) ||
            take_list(at, gate, "rules", sizeof *report->gate.rules, read_rule, &report->gate.rules,
                      &report->gate.rule_count) ||
            read_baseline(at, gate, report))
                return -1;
        take_up(at, above);
        return 0;
}

/* ---- the rest of the top level -------------------------------------------- */

static int read_reason(struct take *at, const json_t *element, void *object)
{
        static const struct take_field fields[] = {
                TAKE_FIELD(report_reason, TAKE_PID, process),
                TAKE_FIELD(report_reason, TAKE_TEXT, reason),
        };

        return take_fields(at, element, fields, TAKE_COUNT(fields), object);
}

static int read_suppression(struct take *at, const json_t *element, void *object)
{
        static const struct take_field fields[] = {
                TAKE_FIELD(report_suppression, TAKE_TEXT, rule),
                TAKE_FIELD(report_suppression, TAKE_MAYBE_TEXT, file),
                TAKE_FIELD(report_suppression, TAKE_U32, line),
                TAKE_FIELD(report_suppression, TAKE_U64, blocks),
                TAKE_FIELD(report_suppression, TAKE_U64, bytes),
                TAKE_LATER(report_suppression, TAKE_U64, leaks),
                TAKE_LATER(report_suppression, TAKE_MAYBE_TEXT, reason),
                TAKE_LATER(report_suppression, TAKE_MAYBE_TEXT, expires),
                TAKE_LATER(report_suppression, TAKE_BOOL, expired),
        };

        return take_fields(at, element, fields, TAKE_COUNT(fields), object);
}

static int read_diagnostic(struct take *at, const json_t *element, void *object)
{
        static const struct take_field fields[] = {
                TAKE_FIELD(report_diagnostic, TAKE_TEXT, level),
                TAKE_FIELD(report_diagnostic, TAKE_TEXT, code),
                TAKE_FIELD(report_diagnostic, TAKE_TEXT, message),
        };

        return take_fields(at, element, fields, TAKE_COUNT(fields), object);
}

static int read_top_lists(struct take *at, const json_t *root, struct report *r)
{
        if (take_list(at, root, "command", sizeof *r->command, read_text, &r->command, &r->command_count) ||
            take_list(at, root, "incomplete", sizeof *r->incomplete, read_reason, &r->incomplete,
                      &r->incomplete_count) ||
            take_list(at, root, "processes", sizeof *r->processes, read_process, &r->processes, &r->process_count) ||
            take_list(at, root, "leaks", sizeof *r->leaks, json_read_leak, &r->leaks, &r->leak_count) ||
            take_list(at, root, "suppressions", sizeof *r->suppressions, read_suppression, &r->suppressions,
                      &r->suppression_count))
                return -1;
        if (json_read_retained(at, root, r))
                return -1;
        return take_list(at, root, "diagnostics", sizeof *r->diagnostics, read_diagnostic, &r->diagnostics,
                         &r->diagnostic_count);
}

static int read_report(struct take *at, const json_t *root, struct report *report)
{
        static const struct take_field fields[] = {
                TAKE_FIELD(report, TAKE_TEXT, weir_version),
                TAKE_FIELD(report, TAKE_MAYBE_TEXT, started),
                TAKE_FIELD(report, TAKE_U64, duration_ns),
                TAKE_FIELD(report, TAKE_BOOL, complete),
        };

        if (take_fields(at, root, fields, TAKE_COUNT(fields), report) || read_summary(at, root, report) ||
            read_gate(at, root, report))
                return -1;
        return read_top_lists(at, root, report);
}

/* ---- what the report says of itself --------------------------------------- */

static int check_schema(const json_t *root, const char *name, struct error *e)
{
        const char *schema = json_string_value(json_object_get(root, "schema"));

        if (schema && !strcmp(schema, REPORT_SCHEMA))
                return 0;
        if (schema && !strncmp(schema, "weir-report/", 12))
                return error_set(
                        e, ERROR_BAD_INPUT,
                        "%s is a report of another version, %.40s; this weir reads %s: use the weir that wrote it",
                        name, schema, REPORT_SCHEMA);
        return error_set(e, ERROR_BAD_INPUT, "%s is JSON, but not a report of weir: \"schema\" is not \"%s\"", name,
                         REPORT_SCHEMA);
}

static bool same_sums(const struct report_kind *a, const struct report_kind *b)
{
        return a->groups == b->groups && a->blocks == b->blocks && a->bytes == b->bytes;
}

/* The sums must be those of the leaks: leaks that were cut out of the file must
 * not be taken for leaks that are not there. */
static int check_sums(struct report *report, const char *name, struct error *e)
{
        struct report_kind told[KIND_COUNT], suppressed = report->summary.suppressed;
        uint64_t cycles = report->summary.cycles;
        int differs = -1;

        memcpy(told, report->summary.kinds, sizeof told);
        report_sum(report);
        for (int i = 0; i < KIND_COUNT && differs < 0; i++)
                if (!same_sums(&told[i], &report->summary.kinds[i]))
                        differs = i;
        if (differs >= 0)
                return error_set(e, ERROR_BAD_INPUT,
                                 "%s: summary.kinds.%s: these are not the sums of the leaks below it", name,
                                 kind_names[differs]);
        if (!same_sums(&suppressed, &report->summary.suppressed) || cycles != report->summary.cycles)
                return error_set(e, ERROR_BAD_INPUT, "%s: summary: these are not the sums of the leaks below it", name);
        if (report->complete == (report->incomplete_count > 0))
                return error_set(e, ERROR_BAD_INPUT, "%s: complete: this is not what incomplete[] says", name);
        return 0;
}

/* ---- files ---------------------------------------------------------------- */

static int fill(struct report *report, const json_t *root, const char *name, struct error *e)
{
        struct take at = { .report = report, .file = name, .e = e };

        if (check_schema(root, name, e) || read_report(&at, root, report))
                return -1;
        return check_sums(report, name, e);
}

struct report *json_read_text(const char *text, size_t length, const char *name, struct error *e)
{
        json_t *root = take_load(text, length, name, e);
        struct report *report;

        if (!root)
                return NULL;
        report = report_create();
        if (!report)
                (void)error_no_memory(e, "reading a report");
        else if (fill(report, root, name, e)) {
                report_destroy(report);
                report = NULL;
        }
        json_decref(root);
        return report;
}

struct report *json_read(const char *path, struct error *e)
{
        struct report *report;
        size_t length;
        char *text = slurp(path, FILE_MOST, "report of weir", &length, e);

        if (!text)
                return NULL;
        report = json_read_text(text, length, slurp_name(path), e);
        mem_free(text);
        return report;
}
