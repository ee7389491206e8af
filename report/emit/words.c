#include "words.h"

#include "frames.h"
#include "ink.h"
#include "source.h"
#include "text.h"

#include <inttypes.h>

const char *words_kind(enum kind kind)
{
        static const char *const words[KIND_COUNT] = {
                [KIND_DEFINITE] = "definitely lost",         [KIND_CYCLE] = "lost in a cycle",
                [KIND_INDIRECT] = "lost with what holds it", [KIND_POSSIBLE] = "possibly lost",
                [KIND_REACHABLE] = "still reachable",        [KIND_UNKNOWN] = "live at the end, lost or not is unknown",
        };

        return words[kind];
}

/* "1,234 bytes in 2 blocks" */
static void put_amount(const struct escape *to, uint64_t bytes, uint64_t blocks)
{
        char a[INK_GROUPED], b[INK_GROUPED];

        escape_print(to, "%s %s in %s %s", ink_grouped(bytes, a), bytes == 1 ? "byte" : "bytes", ink_grouped(blocks, b),
                     blocks == 1 ? "block" : "blocks");
}

void words_leak(const struct escape *to, const struct report_leak *leak)
{
        put_amount(to, leak->bytes, leak->blocks);
        escape_print(to, " %s", words_kind(leak->kind));
        if (leak->exclusive_bytes > leak->bytes) {
                escape_print(to, ", with what it alone holds ");
                put_amount(to, leak->exclusive_bytes, leak->exclusive_blocks);
        }
}

/* ---- places --------------------------------------------------------------- */

void words_place(const struct escape *to, const struct report_frame *frame, const struct format_options *options)
{
        struct source source;

        if (source_of(&source, frame, options)) {
                escape_text(to, source.path);
                escape_print(to, ":%" PRIu32, frame->line);
        } else if (frame->module) {
                escape_text(to, path_base(frame->module));
                escape_print(to, "+0x%" PRIx64, frame->offset);
        }
}

static bool has_place(const struct report_frame *frame)
{
        return frame->module || (frame->file && frame->line);
}

static void say_frame(const struct escape *to, const struct report_frame *frame, const struct format_options *options)
{
        escape_text(to, frame->function ? frame->function : "??");
        if (frame->inlined)
                escape_print(to, " [inlined]");
        if (!has_place(frame))
                return;
        escape_print(to, " (");
        words_place(to, frame, options);
        escape_print(to, ")");
}

void words_site(const struct escape *to, const struct report_leak *leak, const struct format_options *options)
{
        struct source source;

        (void)source_of_leak(&source, leak, options);
        if (source.frame)
                say_frame(to, source.frame, options);
        else
                escape_print(to, "a place without a stack");
}

/* ---- details -------------------------------------------------------------- */

static void say_line(const struct escape *to, const char *what, const char *text)
{
        if (!text)
                return;
        escape_print(to, "%s: ", what);
        escape_text(to, text);
        escape_print(to, "\n");
}

static void say_facts(const struct escape *to, const struct report_leak *leak)
{
        say_line(to, "type", leak->type);
        say_line(to, "likely type", leak->type ? NULL : leak->likely_type);
        say_line(to, "suppressed by", leak->suppressed_by);
        if (leak->status == LEAK_KNOWN)
                escape_print(to, "in the baseline\n");
        if (leak->process_count > 1)
                escape_print(to, "in %zu processes\n", leak->process_count);
        for (size_t i = 0; i < leak->owner_count; i++)
                say_line(to, "held by leak", leak->owners[i]);
        if (leak->weak_strength != STRENGTH_NONE)
                escape_print(to, "weak link: %s\n", strength_name(leak->weak_strength));
        say_line(to, "why", leak->weak_why);
}

static void say_step(const struct escape *to, const struct report_step *step)
{
        const char *name = step->type ? step->type : step->likely_type;

        if (!step->type && step->likely_type)
                escape_print(to, "likely ");
        escape_text(to, name ? name : step->site ? step->site : "a block");
        escape_print(to, " [%" PRIu64 "] +%" PRIu64, step->size, step->offset);
        if (step->field) {
                escape_print(to, " ");
                escape_text(to, step->field);
        }
}

static void say_steps(const struct escape *to, const char *what, const struct report_step *steps, size_t count)
{
        for (size_t i = 0; i < count; i++) {
                escape_print(to, "%s", what);
                say_step(to, &steps[i]);
                escape_print(to, "\n");
        }
}

void words_details(const struct escape *to, const struct report_leak *leak, const struct format_options *options)
{
        say_facts(to, leak);
        for (size_t i = 0; i < leak->stack_count; i++) {
                escape_print(to, "  ");
                say_frame(to, &leak->stack[i], options);
                escape_print(to, "\n");
        }
        if (leak->stack_truncated)
                escape_print(to, "  ... (the stack goes on)\n");
        if (!leak->cycle)
                return;
        escape_print(to, "the cycle: %" PRIu64 " blocks, %" PRIu64 " pointers\n", leak->cycle->blocks,
                     leak->cycle->edges);
        say_steps(to, "  ", leak->cycle->path, leak->cycle->path_count);
        say_steps(to, "break it at: ", leak->cycle->break_at, leak->cycle->break_at_count);
}

/* ---- the report ----------------------------------------------------------- */

void words_incomplete(const struct escape *to, const struct report *report)
{
        for (size_t i = 0; i < report->incomplete_count; i++) {
                escape_print(to, "incomplete: ");
                if (report->incomplete[i].process)
                        escape_print(to, "process %" PRId32 ": ", report->incomplete[i].process);
                escape_text(to, report->incomplete[i].reason);
                escape_print(to, "\n");
        }
        if (report->summary.totals.events_lost)
                escape_print(to, "incomplete: %" PRIu64 " events of the trace were lost\n",
                             report->summary.totals.events_lost);
}

void words_rules(const struct escape *to, const struct report *report)
{
        for (size_t i = 0; i < report->gate.rule_count; i++) {
                const struct report_rule *rule = &report->gate.rules[i];
                char value[INK_GROUPED], limit[INK_GROUPED];

                escape_text(to, rule->rule);
                escape_print(to, ": %s, at most %s: %s\n", ink_grouped(rule->value, value),
                             ink_grouped(rule->limit, limit), rule->pass ? "pass" : "FAIL");
        }
        if (report->gate.has_baseline)
                escape_print(to, "baseline: %" PRIu64 " new, %" PRIu64 " known, %" PRIu64 " gone\n",
                             report->gate.baseline_new, report->gate.baseline_known, report->gate.baseline_gone);
}

void words_verdict(const struct escape *to, const struct report *report)
{
        const struct ink ink = { .out = to->out };

        text_conclusion(&ink, report);
}

enum words_level words_level(const struct report *report, const struct report_leak *leak)
{
        if (leak->status != LEAK_NEW)
                return LEVEL_NOTE;
        if (leak->fails_gate)
                return LEVEL_ERROR;
        switch (leak->kind) {
        case KIND_DEFINITE:
        case KIND_CYCLE:
                return report->gate.status == GATE_OFF ? LEVEL_ERROR : LEVEL_WARNING;
        case KIND_POSSIBLE:
        case KIND_UNKNOWN:
                return LEVEL_WARNING;
        default:
                return LEVEL_NOTE;
        }
}
