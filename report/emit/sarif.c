#include "frames.h"
#include "put.h"
#include "sarif_rules.h"
#include "source.h"
#include "twins.h"
#include "words.h"
#include "writers.h"

#include <inttypes.h>
#include <string.h>

struct sarif {
        struct put j;
        const struct report *report;
        const struct format_options *options;
        struct escape text;  /* between put_open_text and put_close_text */
        bool has_suppressed; /* then every result must have a list */
        size_t left_new, left_others; /* results there is room for, of new leaks and of others */
        size_t cut;                   /* leaks there is none for */
};

static bool is_new(const struct report_leak *leak)
{
        return leak->status == LEAK_NEW;
}

static size_t least(size_t a, size_t b)
{
        return a < b ? a : b;
}

/* Shares out the room that readers have: new leaks first. */
static void share_room(struct sarif *s)
{
        size_t fresh = 0, others = 0;

        for (size_t i = 0; i < s->report->leak_count; i++) {
                const struct report_leak *leak = &s->report->leaks[i];

                if (format_lists(s->options, leak))
                        *(is_new(leak) ? &fresh : &others) += 1;
        }
        s->left_new = least(fresh, SARIF_MOST);
        s->left_others = least(others, SARIF_MOST - s->left_new);
        s->cut = fresh + others - s->left_new - s->left_others;
}

static void put_message(struct sarif *s, const char *key)
{
        put_object(&s->j, key, PUT_INLINE);
        put_open_text(&s->j, "text");
}

static void end_message(struct sarif *s)
{
        put_close_text(&s->j);
        put_end(&s->j);
}

/* ---- places --------------------------------------------------------------- */

static void put_uri(struct sarif *s, const char *path)
{
        put_open_text(&s->j, "uri");
        if (*path == '/')
                fputs("file://", s->j.out);
        escape_text(&(struct escape){ s->j.out, ESCAPE_URI }, path);
        put_close_text(&s->j);
}

static void put_source(struct sarif *s, const struct source *source)
{
        put_object(&s->j, "physicalLocation", PUT_INLINE);
        put_object(&s->j, "artifactLocation", PUT_INLINE);
        put_uri(s, source->path);
        if (source->below)
                put_text(&s->j, "uriBaseId", "SRCROOT");
        put_end(&s->j);
        put_object(&s->j, "region", PUT_INLINE);
        put_number(&s->j, "startLine", source->frame->line);
        put_number(&s->j, "startColumn", 1);
        put_number(&s->j, "endLine", source->frame->line);
        put_number(&s->j, "endColumn", 2);
        put_end(&s->j);
        put_end(&s->j);
}

/* Without a line: the instruction. */
static void put_module(struct sarif *s, const struct report_frame *frame)
{
        put_object(&s->j, "physicalLocation", PUT_INLINE);
        put_object(&s->j, "artifactLocation", PUT_INLINE);
        put_uri(s, frame->module);
        put_end(&s->j);
        put_object(&s->j, "address", PUT_INLINE);
        put_number(&s->j, "relativeAddress", frame->offset);
        put_end(&s->j);
        put_end(&s->j);
}

static void put_function(struct sarif *s, const struct report_frame *frame)
{
        put_array(&s->j, "logicalLocations", PUT_INLINE);
        put_object(&s->j, NULL, PUT_INLINE);
        put_foreign(&s->j, "fullyQualifiedName", frame->function);
        if (frame->linkage_name)
                put_foreign(&s->j, "decoratedName", frame->linkage_name);
        put_text(&s->j, "kind", "function");
        put_end(&s->j);
        put_end(&s->j);
}

/* The members of a location. */
static void put_place(struct sarif *s, const struct report_frame *frame)
{
        struct source source;

        if (source_of(&source, frame, s->options))
                put_source(s, &source);
        else if (frame->module)
                put_module(s, frame);
        if (frame->function)
                put_function(s, frame);
}

static void put_locations(struct sarif *s, const struct report_leak *leak)
{
        struct source source;

        (void)source_of_leak(&source, leak, s->options);
        put_array(&s->j, "locations", PUT_LINES);
        if (source.frame) {
                put_object(&s->j, NULL, PUT_INLINE);
                put_place(s, source.frame);
                put_end(&s->j);
        }
        put_end(&s->j);
}

/* The way to the allocation, outermost call first. */
static void put_stack(struct sarif *s, const struct report_leak *leak)
{
        if (!leak->stack_count)
                return;
        put_array(&s->j, "codeFlows", PUT_LINES);
        put_object(&s->j, NULL, PUT_LINES);
        put_array(&s->j, "threadFlows", PUT_LINES);
        put_object(&s->j, NULL, PUT_LINES);
        put_array(&s->j, "locations", PUT_LINES);
        for (size_t i = leak->stack_count; i-- > 0;) {
                const struct report_frame *frame = &leak->stack[i];

                put_object(&s->j, NULL, PUT_INLINE);
                put_object(&s->j, "location", PUT_INLINE);
                put_place(s, frame);
                put_message(s, "message");
                escape_text(&s->text, frame->function ? frame->function : "??");
                end_message(s);
                put_end(&s->j);
                if (frame->module)
                        put_foreign(&s->j, "module", frame->module);
                put_end(&s->j);
        }
        put_end(&s->j);
        put_end(&s->j);
        put_end(&s->j);
        put_end(&s->j);
        put_end(&s->j);
}

/* ---- cycle ---------------------------------------------------------------- */

static void put_node(struct sarif *s, const struct report_step *step, size_t number)
{
        put_object(&s->j, NULL, PUT_INLINE);
        put_open_text(&s->j, "id");
        escape_print(&s->text, "%zu", number);
        put_close_text(&s->j);
        put_message(s, "label");
        escape_text(&s->text, step->type ? step->type : step->site ? step->site : "a block");
        escape_print(&s->text, " [%" PRIu64 "]", step->size);
        end_message(s);
        put_end(&s->j);
}

static void put_edge(struct sarif *s, const struct report_step *step, size_t number, size_t count)
{
        put_object(&s->j, NULL, PUT_INLINE);
        put_open_text(&s->j, "id");
        escape_print(&s->text, "%zu", number);
        put_close_text(&s->j);
        put_open_text(&s->j, "sourceNodeId");
        escape_print(&s->text, "%zu", number);
        put_close_text(&s->j);
        put_open_text(&s->j, "targetNodeId");
        escape_print(&s->text, "%zu", (number + 1) % count);
        put_close_text(&s->j);
        put_message(s, "label");
        escape_print(&s->text, "+%" PRIu64 "%s", step->offset, step->field ? " " : "");
        escape_text(&s->text, step->field ? step->field : "");
        end_message(s);
        put_end(&s->j);
}

static void put_cycle(struct sarif *s, const struct report_cycle *cycle)
{
        if (!cycle || !cycle->path_count)
                return;
        put_array(&s->j, "graphs", PUT_LINES);
        put_object(&s->j, NULL, PUT_LINES);
        put_message(s, "description");
        escape_print(&s->text, "the shortest way round the cycle");
        end_message(s);
        put_array(&s->j, "nodes", PUT_LINES);
        for (size_t i = 0; i < cycle->path_count; i++)
                put_node(s, &cycle->path[i], i);
        put_end(&s->j);
        put_array(&s->j, "edges", PUT_LINES);
        for (size_t i = 0; i < cycle->path_count; i++)
                put_edge(s, &cycle->path[i], i, cycle->path_count);
        put_end(&s->j);
        put_end(&s->j);
        put_end(&s->j);
}

/* ---- one result ----------------------------------------------------------- */

static void put_fingerprint(struct sarif *s, const struct report_leak *leak, size_t twin)
{
        put_object(&s->j, "partialFingerprints", PUT_INLINE);
        put_open_text(&s->j, "weirLeak/v1");
        escape_text(&s->text, leak->id ? leak->id : "unknown");
        if (twin)
                escape_print(&s->text, "-%zu", twin + 1);
        put_close_text(&s->j);
        put_end(&s->j);
}

/* What one result says of these, every result of the run must. */
static void put_status(struct sarif *s, const struct report_leak *leak)
{
        if (s->report->gate.has_baseline)
                put_text(&s->j, "baselineState", leak->status == LEAK_NEW ? "new" : "unchanged");
        if (!s->has_suppressed)
                return;
        put_array(&s->j, "suppressions", PUT_INLINE);
        if (leak->status == LEAK_SUPPRESSED) {
                put_object(&s->j, NULL, PUT_INLINE);
                put_text(&s->j, "kind", "external");
                put_foreign(&s->j, "justification", leak->suppressed_by ? leak->suppressed_by : "a rule");
                put_end(&s->j);
        }
        put_end(&s->j);
}

static void put_properties(struct sarif *s, const struct report_leak *leak)
{
        put_object(&s->j, "properties", PUT_INLINE);
        put_number(&s->j, "bytes", leak->bytes);
        put_number(&s->j, "blocks", leak->blocks);
        put_number(&s->j, "exclusiveBytes", leak->exclusive_bytes);
        put_number(&s->j, "exclusiveBlocks", leak->exclusive_blocks);
        put_number(&s->j, "processes", leak->process_count);
        put_bool(&s->j, "failsGate", leak->fails_gate);
        put_foreign(&s->j, "type", leak->type);
        put_end(&s->j);
}

static void put_result(struct sarif *s, const struct report_leak *leak, size_t twin)
{
        static const char *const levels[] = {
                [LEVEL_NOTE] = "note", [LEVEL_WARNING] = "warning", [LEVEL_ERROR] = "error"
        };

        put_object(&s->j, NULL, PUT_LINES);
        put_text(&s->j, "ruleId", kind_name(leak->kind));
        put_number(&s->j, "ruleIndex", leak->kind);
        put_text(&s->j, "level", levels[words_level(s->report, leak)]);
        put_message(s, "message");
        words_leak(&s->text, leak);
        escape_print(&s->text, ", allocated in ");
        words_site(&s->text, leak, s->options);
        end_message(s);
        put_locations(s, leak);
        put_stack(s, leak);
        put_cycle(s, leak->cycle);
        put_fingerprint(s, leak, twin);
        put_status(s, leak);
        if (leak->blocks)
                put_number(&s->j, "occurrenceCount", leak->blocks);
        put_properties(s, leak);
        put_end(&s->j);
}

/* ---- the run -------------------------------------------------------------- */

static void put_notification(struct sarif *s, const char *level, const char *code, const char *message)
{
        put_object(&s->j, NULL, PUT_INLINE);
        put_text(&s->j, "level", level);
        if (code) {
                put_object(&s->j, "descriptor", PUT_INLINE);
                put_foreign(&s->j, "id", code);
                put_end(&s->j);
        }
        put_message(s, "message");
        escape_text(&s->text, message);
        end_message(s);
        put_end(&s->j);
}

static void put_cut(struct sarif *s)
{
        char text[120];

        (void)snprintf(text, sizeof text, "%zu more leaks are not among the results; the JSON report has them all",
                       s->cut);
        put_notification(s, "warning", "results-cut", text);
}

static void put_invocation(struct sarif *s)
{
        const struct report *report = s->report;

        put_array(&s->j, "invocations", PUT_LINES);
        put_object(&s->j, NULL, PUT_LINES);
        put_bool(&s->j, "executionSuccessful", report->complete);
        put_array(&s->j, "toolExecutionNotifications", PUT_LINES);
        if (s->cut)
                put_cut(s);
        for (size_t i = 0; i < report->incomplete_count; i++)
                put_notification(s, "error", "incomplete", report->incomplete[i].reason);
        for (size_t i = 0; i < report->diagnostic_count; i++) {
                const struct report_diagnostic *d = &report->diagnostics[i];
                bool known = !strcmp(d->level, "error") || !strcmp(d->level, "warning");

                put_notification(s, known ? d->level : "note", d->code, d->message);
        }
        put_end(&s->j);
        put_object(&s->j, "properties", PUT_INLINE);
        put_text(&s->j, "gate", gate_status_name(report->gate.status));
        put_end(&s->j);
        put_end(&s->j);
        put_end(&s->j);
}

/* Where relative paths begin. */
static void put_root(struct sarif *s)
{
        if (!s->options->root)
                return;
        put_object(&s->j, "originalUriBaseIds", PUT_INLINE);
        put_object(&s->j, "SRCROOT", PUT_INLINE);
        put_open_text(&s->j, "uri");
        fputs("file://", s->j.out);
        escape_text(&(struct escape){ s->j.out, ESCAPE_URI }, s->options->root);
        if (s->options->root[strlen(s->options->root) - 1] != '/')
                putc('/', s->j.out);
        put_close_text(&s->j);
        put_end(&s->j);
        put_end(&s->j);
}

static void put_results(struct sarif *s)
{
        struct twins twins = twins_find(s->report);

        put_array(&s->j, "results", PUT_LINES);
        for (size_t i = 0; i < s->report->leak_count; i++) {
                const struct report_leak *leak = &s->report->leaks[i];
                size_t *left = is_new(leak) ? &s->left_new : &s->left_others;

                if (!format_lists(s->options, leak) || !*left)
                        continue;
                --*left;
                put_result(s, leak, twins_before(&twins, i));
        }
        put_end(&s->j);
        twins_deinit(&twins);
}

void sarif_write(const struct report *report, const struct format_options *options, FILE *out)
{
        struct sarif s = { .j = put_to(out), .report = report, .options = options, .text = { out, ESCAPE_JSON } };

        for (size_t i = 0; i < report->leak_count; i++)
                s.has_suppressed |= report->leaks[i].status == LEAK_SUPPRESSED;
        share_room(&s);
        put_object(&s.j, NULL, PUT_LINES);
        put_text(&s.j, "$schema", "https://json.schemastore.org/sarif-2.1.0.json");
        put_text(&s.j, "version", "2.1.0");
        put_array(&s.j, "runs", PUT_LINES);
        put_object(&s.j, NULL, PUT_LINES);
        sarif_put_tool(&s.j, report->weir_version);
        put_object(&s.j, "automationDetails", PUT_INLINE);
        put_text(&s.j, "id", "weir/");
        put_end(&s.j);
        put_invocation(&s);
        put_root(&s);
        put_text(&s.j, "columnKind", "unicodeCodePoints");
        put_results(&s);
        put_end(&s.j);
        put_end(&s.j);
        put_end(&s.j);
}
