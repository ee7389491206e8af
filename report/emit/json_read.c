#include "json_read.h"

#include "../mem.h"
#include "json_parts.h"
#include "slurp.h"
#include "take.h"

#include <string.h>

enum { FILE_MOST = 1 << 30 }; /* bytes; a larger file is no report */

#define COUNT(fields) (sizeof(fields) / sizeof(fields)[0])

static const char *const kinds[] = { "definite", "cycle", "indirect", "possible", "reachable", "unknown", NULL };
static const char *const strengths[] = { "none",   "ambiguous", "unaligned", "end", "interior",
                                         "tagged", "known",     "exact",     NULL };
static const char *const statuses[] = { "new", "known", "suppressed", NULL };
static const char *const gates[] = { "off", "pass", "fail", "incomplete", NULL };
static const char *const cuts[] = { "", "ends", "alike", "splits", "together", NULL };
static const char *const ends[] = { "exited", "signaled", "exec", "running", NULL };

/* An element of an array of plain values. */
#define PLAIN_ELEMENT(name, field_type)                                                                          \
        static int name(struct take *at, const json_t *element, void *object)                                    \
        {                                                                                                        \
                return take_value(at, element, &(const struct take_field){ NULL, field_type, 0, NULL }, object); \
        }
PLAIN_ELEMENT(read_text, TAKE_TEXT)
PLAIN_ELEMENT(read_pid, TAKE_PID)
PLAIN_ELEMENT(read_u32, TAKE_U32)
PLAIN_ELEMENT(read_fingerprint, TAKE_FINGERPRINT)

/* ---- leaks ---------------------------------------------------------------- */

int json_read_frame(struct take *at, const json_t *element, void *object)
{
#define FIELD(key, type)                                       \
        {                                                      \
#key, type, offsetof(struct report_frame, key) \
        }
        static const struct take_field fields[] = {
                FIELD(function, TAKE_MAYBE_TEXT), FIELD(module, TAKE_MAYBE_TEXT),       FIELD(offset, TAKE_ADDRESS),
                FIELD(build_id, TAKE_MAYBE_TEXT), FIELD(file, TAKE_MAYBE_TEXT),         FIELD(line, TAKE_U32),
                FIELD(inlined, TAKE_BOOL),        FIELD(linkage_name, TAKE_MAYBE_TEXT),
                { "directory", TAKE_MAYBE_TEXT, offsetof(struct report_frame, directory), NULL, true },
        };
#undef FIELD
        return take_fields(at, element, fields, COUNT(fields), object);
}

static int read_size(struct take *at, const json_t *element, void *object)
{
        static const struct take_field fields[] = {
                { NULL, TAKE_U64, offsetof(struct report_size, size), NULL },
                { NULL, TAKE_U64, offsetof(struct report_size, blocks), NULL },
        };

        if (json_array_size(element) != 2)
                return take_expected(at, "an array of a size and a number of blocks", element);
        if (take_value(at, json_array_get(element, 0), &fields[0], object))
                return -1;
        return take_value(at, json_array_get(element, 1), &fields[1], object);
}

static int read_step(struct take *at, const json_t *element, void *object)
{
#define FIELD(key, type)                                      \
        {                                                     \
#key, type, offsetof(struct report_step, key) \
        }
        static const struct take_field fields[] = {
                FIELD(type, TAKE_MAYBE_TEXT),
                FIELD(site, TAKE_MAYBE_TEXT),
                FIELD(size, TAKE_U64),
                FIELD(offset, TAKE_U64),
                FIELD(field, TAKE_MAYBE_TEXT),
                { "pointer", TAKE_TEXT, offsetof(struct report_step, pointer), NULL, true },
                { "member", TAKE_U64, offsetof(struct report_step, member), NULL, true },
                { "cut", TAKE_ENUM, offsetof(struct report_step, cut), cuts, true },
                { "alike", TAKE_U64, offsetof(struct report_step, alike), NULL, true },
                { "alike_total", TAKE_U64, offsetof(struct report_step, alike_total), NULL, true },
                { "advice", TAKE_TEXT, offsetof(struct report_step, advice), NULL, true },
                { "likely_type", TAKE_TEXT, offsetof(struct report_step, likely_type), NULL, true },
        };
#undef FIELD
        return take_fields(at, element, fields, COUNT(fields), object);
}

int json_read_cycle(struct take *at, const json_t *object, struct report_cycle **to)
{
#define FIELD(key, type)                                       \
        {                                                      \
#key, type, offsetof(struct report_cycle, key) \
        }
        static const struct take_field fields[] = {
                FIELD(blocks, TAKE_U64),
                FIELD(edges, TAKE_U64),
                { "length", TAKE_U64, offsetof(struct report_cycle, length), NULL, true },
                { "break_at_total", TAKE_U64, offsetof(struct report_cycle, break_at_total), NULL, true },
        };
#undef FIELD
        struct report_cycle *cycle;
        json_t *value;
        size_t above;

        if (take_maybe(at, object, "cycle", JSON_OBJECT, &value))
                return -1;
        if (!value)
                return 0;
        cycle = *to = report_array(at->report, 1, sizeof *cycle);
        if (!cycle)
                return error_no_memory(at->e, "reading a report");
        above = take_down(at, "cycle");
        if (take_fields(at, value, fields, COUNT(fields), cycle) ||
            take_list(at, value, "path", sizeof *cycle->path, read_step, &cycle->path, &cycle->path_count) ||
            take_list(at, value, "break_at", sizeof *cycle->break_at, read_step, &cycle->break_at,
                      &cycle->break_at_count))
                return -1;
        if (cycle->length < cycle->path_count)
                cycle->length = cycle->path_count;
        if (cycle->break_at_total < cycle->break_at_count)
                cycle->break_at_total = cycle->break_at_count;
        take_up(at, above);
        return 0;
}

static int read_weak_link(struct take *at, const json_t *leak_value, struct report_leak *leak)
{
        static const struct take_field fields[] = {
                { "strength", TAKE_ENUM, offsetof(struct report_leak, weak_strength), strengths },
                { "why", TAKE_MAYBE_TEXT, offsetof(struct report_leak, weak_why), NULL },
        };
        json_t *value;
        size_t above;

        if (take_maybe(at, leak_value, "weak_link", JSON_OBJECT, &value))
                return -1;
        if (!value)
                return 0;
        above = take_down(at, "weak_link");
        if (take_fields(at, value, fields, COUNT(fields), leak))
                return -1;
        take_up(at, above);
        return 0;
}

#define REFERENCE_FIELDS(end)                                                                             \
        { #end, TAKE_TEXT, offsetof(struct report_reference, end), NULL },                                \
                { "offset", TAKE_U64, offsetof(struct report_reference, offset), NULL },                  \
                { "type", TAKE_TEXT, offsetof(struct report_reference, type), NULL, true },               \
                { "likely_type", TAKE_TEXT, offsetof(struct report_reference, likely_type), NULL, true }, \
                { "field", TAKE_TEXT, offsetof(struct report_reference, field), NULL, true },             \
        {                                                                                                 \
                "strength", TAKE_ENUM, offsetof(struct report_reference, strength), strengths             \
        }

static int read_referenced_by(struct take *at, const json_t *element, void *object)
{
        static const struct take_field fields[] = { REFERENCE_FIELDS(from) };

        return take_fields(at, element, fields, COUNT(fields), object);
}

static int read_reference(struct take *at, const json_t *element, void *object)
{
        static const struct take_field fields[] = { REFERENCE_FIELDS(to) };

        return take_fields(at, element, fields, COUNT(fields), object);
}

int json_read_example(struct take *at, const json_t *element, void *object)
{
#define FIELD(key, type)                                         \
        {                                                        \
#key, type, offsetof(struct report_example, key) \
        }
        static const struct take_field fields[] = {
                FIELD(address, TAKE_ADDRESS),
                FIELD(size, TAKE_U64),
                FIELD(process, TAKE_PID),
                FIELD(thread, TAKE_U32),
                FIELD(reference_count, TAKE_U64),
                { "type", TAKE_TEXT, offsetof(struct report_example, type), NULL, true },
                { "likely_type", TAKE_TEXT, offsetof(struct report_example, likely_type), NULL, true },
        };
#undef FIELD
        struct report_example *example = object;

        if (take_fields(at, element, fields, COUNT(fields), example) ||
            take_list(at, element, "referenced_by", sizeof *example->referenced_by, read_referenced_by,
                      &example->referenced_by, &example->referenced_by_count))
                return -1;
        return take_list(at, element, "references", sizeof *example->references, read_reference, &example->references,
                         &example->references_count);
}

static int read_leak_lists(struct take *at, const json_t *value, struct report_leak *leak)
{
        if (take_list(at, value, "sizes", sizeof *leak->sizes, read_size, &leak->sizes, &leak->size_count) ||
            take_list(at, value, "stack", sizeof *leak->stack, json_read_frame, &leak->stack, &leak->stack_count) ||
            take_list(at, value, "processes", sizeof *leak->processes, read_pid, &leak->processes,
                      &leak->process_count) ||
            take_list(at, value, "threads", sizeof *leak->threads, read_u32, &leak->threads, &leak->thread_count) ||
            take_list(at, value, "owners", sizeof *leak->owners, read_fingerprint, &leak->owners, &leak->owner_count))
                return -1;
        return take_list(at, value, "examples", sizeof *leak->examples, json_read_example, &leak->examples,
                         &leak->example_count);
}

static int read_leak_baseline(struct take *at, const json_t *leak_value, struct report_leak *leak)
{
        static const struct take_field fields[] = {
                { "blocks", TAKE_U64, offsetof(struct report_leak, baseline_blocks), NULL },
                { "bytes", TAKE_U64, offsetof(struct report_leak, baseline_bytes), NULL },
        };
        json_t *value = json_object_get(leak_value, "baseline");
        size_t above;

        if (!value || json_is_null(value))
                return 0;
        leak->in_baseline = true;
        above = take_down(at, "baseline");
        if (take_fields(at, value, fields, COUNT(fields), leak))
                return -1;
        take_up(at, above);
        return 0;
}

static int read_leak(struct take *at, const json_t *element, void *object)
{
#define FIELD(key, type)                                      \
        {                                                     \
#key, type, offsetof(struct report_leak, key) \
        }
        static const struct take_field fields[] = {
                FIELD(id, TAKE_FINGERPRINT),
                { "kind", TAKE_ENUM, offsetof(struct report_leak, kind), kinds },
                FIELD(blocks, TAKE_U64),
                FIELD(bytes, TAKE_U64),
                FIELD(exclusive_bytes, TAKE_U64),
                FIELD(exclusive_blocks, TAKE_U64),
                FIELD(type, TAKE_MAYBE_TEXT),
                FIELD(stack_truncated, TAKE_BOOL),
                FIELD(first_ns, TAKE_U64),
                FIELD(last_ns, TAKE_U64),
                { "status", TAKE_ENUM, offsetof(struct report_leak, status), statuses },
                FIELD(suppressed_by, TAKE_MAYBE_TEXT),
                { "fails_gate", TAKE_BOOL, offsetof(struct report_leak, fails_gate), NULL, true },
                { "likely_type", TAKE_TEXT, offsetof(struct report_leak, likely_type), NULL, true },
        };
#undef FIELD
        struct report_leak *leak = object;

        if (take_fields(at, element, fields, COUNT(fields), leak) || read_leak_lists(at, element, leak) ||
            read_weak_link(at, element, leak) || read_leak_baseline(at, element, leak))
                return -1;
        return json_read_cycle(at, element, &leak->cycle);
}

/* ---- processes ------------------------------------------------------------ */

static int read_totals(struct take *at, const json_t *value, struct report_totals *totals)
{
#define FIELD(key)                                                  \
        {                                                           \
#key, TAKE_U64, offsetof(struct report_totals, key) \
        }
        static const struct take_field fields[] = {
                FIELD(threads),       FIELD(events),       FIELD(events_lost),     FIELD(allocations),
                FIELD(frees),         FIELD(peak_bytes),   FIELD(allocated_bytes), FIELD(live_blocks),
                FIELD(live_bytes),    FIELD(reused),       FIELD(inherited_frees), FIELD(unknown_frees),
                FIELD(mapped_blocks), FIELD(mapped_bytes),
        };
#undef FIELD
        return take_fields(at, value, fields, COUNT(fields), totals);
}

static int read_snapshot(struct take *at, const json_t *process_value, struct report_process *process)
{
#define FIELD(key, type)                                                  \
        {                                                                 \
#key, type, offsetof(struct report_process, snapshot.key) \
        }
        static const struct take_field fields[] = {
                FIELD(at, TAKE_MAYBE_TEXT), FIELD(method, TAKE_MAYBE_TEXT), FIELD(pause_ns, TAKE_U64),
                FIELD(threads, TAKE_U64),   FIELD(roots_bytes, TAKE_U64),   FIELD(heap_bytes, TAKE_U64),
                FIELD(blocks, TAKE_U64),    FIELD(edges, TAKE_U64),
        };
#undef FIELD
        json_t *value;
        size_t above;

        if (take_maybe(at, process_value, "snapshot", JSON_OBJECT, &value))
                return -1;
        process->snapshot.taken = value != NULL;
        if (!value)
                return 0;
        above = take_down(at, "snapshot");
        if (take_fields(at, value, fields, COUNT(fields), process))
                return -1;
        take_up(at, above);
        return 0;
}

static int read_end(struct take *at, const json_t *process_value, struct report_process *process)
{
        static const struct take_field fields[] = {
                { "how", TAKE_ENUM, offsetof(struct report_process, end_how), ends },
                { "status", TAKE_I32, offsetof(struct report_process, end_status), NULL },
                { "exec", TAKE_MAYBE_TEXT, offsetof(struct report_process, end_exec), NULL },
        };
        size_t above = take_down(at, "end");

        if (take_fields(at, json_object_get(process_value, "end"), fields, COUNT(fields), process))
                return -1;
        take_up(at, above);
        return 0;
}

static int read_process(struct take *at, const json_t *element, void *object)
{
#define FIELD(key, type)                                         \
        {                                                        \
#key, type, offsetof(struct report_process, key) \
        }
        static const struct take_field fields[] = {
                FIELD(pid, TAKE_PID),        FIELD(ppid, TAKE_PID),
                FIELD(exe, TAKE_MAYBE_TEXT), FIELD(build_id, TAKE_MAYBE_TEXT),
                FIELD(complete, TAKE_BOOL),
        };
#undef FIELD
        struct report_process *process = object;
        size_t above;

        if (take_fields(at, element, fields, COUNT(fields), process) ||
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
#define FIELD(key)                                                \
        {                                                         \
#key, TAKE_U64, offsetof(struct report_kind, key) \
        }
        static const struct take_field fields[] = { FIELD(groups), FIELD(blocks), FIELD(bytes) };
#undef FIELD
        size_t above = take_down(at, name);

        if (take_fields(at, json_object_get(sums, name), fields, COUNT(fields), kind))
                return -1;
        take_up(at, above);
        return 0;
}

static int read_kinds(struct take *at, const json_t *summary, struct report *report)
{
        json_t *sums = take_member(at, summary, "kinds", JSON_OBJECT);
        size_t above;

        if (!sums)
                return -1;
        above = take_down(at, "kinds");
        for (int i = 0; i < KIND_COUNT; i++)
                if (read_kind(at, sums, kinds[i], &report->summary.kinds[i]))
                        return -1;
        if (read_kind(at, sums, "suppressed", &report->summary.suppressed))
                return -1;
        take_up(at, above);
        return 0;
}

static int read_shared(struct take *at, const json_t *summary, struct report *report)
{
        static const struct take_field fields[] = {
                { "blocks", TAKE_U64, offsetof(struct report, summary.shared_blocks), NULL },
                { "bytes", TAKE_U64, offsetof(struct report, summary.shared_bytes), NULL },
        };
        size_t above = take_down(at, "shared");

        if (take_fields(at, json_object_get(summary, "shared"), fields, COUNT(fields), report))
                return -1;
        take_up(at, above);
        return 0;
}

static int read_summary(struct take *at, const json_t *root, struct report *report)
{
        static const struct take_field fields[] = {
                { "processes", TAKE_U64, offsetof(struct report, summary.processes), NULL },
                { "threads", TAKE_U64, offsetof(struct report, summary.threads), NULL },
                { "cycles", TAKE_U64, offsetof(struct report, summary.cycles), NULL },
                { "left_out", TAKE_U64, offsetof(struct report, summary.left_out), NULL, true },
        };
        const json_t *summary = take_member(at, root, "summary", JSON_OBJECT);
        size_t above;

        if (!summary)
                return -1;
        above = take_down(at, "summary");
        if (take_fields(at, summary, fields, COUNT(fields), report) ||
            read_totals(at, summary, &report->summary.totals) || read_kinds(at, summary, report) ||
            read_shared(at, summary, report))
                return -1;
        take_up(at, above);
        return 0;
}

static int read_rule(struct take *at, const json_t *element, void *object)
{
#define FIELD(key, type)                                      \
        {                                                     \
#key, type, offsetof(struct report_rule, key) \
        }
        static const struct take_field fields[] = { FIELD(rule, TAKE_TEXT), FIELD(limit, TAKE_U64),
                                                    FIELD(value, TAKE_U64), FIELD(pass, TAKE_BOOL) };
#undef FIELD
        return take_fields(at, element, fields, COUNT(fields), object);
}

static int read_gone(struct take *at, const json_t *element, void *object)
{
#define FIELD(key, type)                                      \
        {                                                     \
#key, type, offsetof(struct report_gone, key) \
        }
        static const struct take_field fields[] = {
                FIELD(id, TAKE_FINGERPRINT), { "kind", TAKE_ENUM, offsetof(struct report_gone, kind), kinds },
                FIELD(blocks, TAKE_U64),     FIELD(bytes, TAKE_U64),
                FIELD(site, TAKE_MAYBE_TEXT),
        };
#undef FIELD
        return take_fields(at, element, fields, COUNT(fields), object);
}

static int read_baseline(struct take *at, const json_t *gate, struct report *report)
{
        static const struct take_field fields[] = {
                { "new", TAKE_U64, offsetof(struct report, gate.baseline_new), NULL },
                { "known", TAKE_U64, offsetof(struct report, gate.baseline_known), NULL },
                { "gone", TAKE_U64, offsetof(struct report, gate.baseline_gone), NULL },
                { "grown", TAKE_U64, offsetof(struct report, gate.baseline_grown), NULL },
        };
        json_t *value;
        size_t above;

        if (take_maybe(at, gate, "baseline", JSON_OBJECT, &value))
                return -1;
        report->gate.has_baseline = value != NULL;
        if (!value)
                return 0;
        above = take_down(at, "baseline");
        if (take_fields(at, value, fields, COUNT(fields), report))
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
                { "status", TAKE_ENUM, offsetof(struct report, gate.status), gates },
        };
        const json_t *gate = take_member(at, root, "gate", JSON_OBJECT);
        size_t above;

        if (!gate)
                return -1;
        above = take_down(at, "gate");
        if (take_fields(at, gate, fields, COUNT(fields), report) ||
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
                { "process", TAKE_PID, offsetof(struct report_reason, process), NULL },
                { "reason", TAKE_TEXT, offsetof(struct report_reason, reason), NULL },
        };

        return take_fields(at, element, fields, COUNT(fields), object);
}

static int read_suppression(struct take *at, const json_t *element, void *object)
{
#define FIELD(key, type)                                             \
        {                                                            \
#key, type, offsetof(struct report_suppression, key) \
        }
        static const struct take_field fields[] = {
                FIELD(rule, TAKE_TEXT),
                FIELD(file, TAKE_MAYBE_TEXT),
                FIELD(line, TAKE_U32),
                FIELD(blocks, TAKE_U64),
                FIELD(bytes, TAKE_U64),
                { "leaks", TAKE_U64, offsetof(struct report_suppression, leaks), NULL, true },
                { "reason", TAKE_MAYBE_TEXT, offsetof(struct report_suppression, reason), NULL, true },
                { "expires", TAKE_MAYBE_TEXT, offsetof(struct report_suppression, expires), NULL, true },
                { "expired", TAKE_BOOL, offsetof(struct report_suppression, expired), NULL, true },
        };
#undef FIELD
        return take_fields(at, element, fields, COUNT(fields), object);
}

static int read_diagnostic(struct take *at, const json_t *element, void *object)
{
#define FIELD(key)                                                       \
        {                                                                \
#key, TAKE_TEXT, offsetof(struct report_diagnostic, key) \
        }
        static const struct take_field fields[] = { FIELD(level), FIELD(code), FIELD(message) };
#undef FIELD
        return take_fields(at, element, fields, COUNT(fields), object);
}

static int read_top_lists(struct take *at, const json_t *root, struct report *r)
{
        if (take_list(at, root, "command", sizeof *r->command, read_text, &r->command, &r->command_count) ||
            take_list(at, root, "incomplete", sizeof *r->incomplete, read_reason, &r->incomplete,
                      &r->incomplete_count) ||
            take_list(at, root, "processes", sizeof *r->processes, read_process, &r->processes, &r->process_count) ||
            take_list(at, root, "leaks", sizeof *r->leaks, read_leak, &r->leaks, &r->leak_count) ||
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
                { "weir_version", TAKE_TEXT, offsetof(struct report, weir_version), NULL },
                { "started", TAKE_MAYBE_TEXT, offsetof(struct report, started), NULL },
                { "duration_ns", TAKE_U64, offsetof(struct report, duration_ns), NULL },
                { "complete", TAKE_BOOL, offsetof(struct report, complete), NULL },
        };

        if (take_fields(at, root, fields, COUNT(fields), report) || read_summary(at, root, report) ||
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
                                 kinds[differs]);
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
