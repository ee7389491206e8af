#include "escape.h"
#include "frames.h"
#include "ink.h"
#include "memcheck.h"
#include "writers.h"

#include <inttypes.h>
#include <stdarg.h>

struct valgrind {
        const struct report *report;
        struct escape to;
        int32_t pid;
};

static void open_line(const struct valgrind *v)
{
        fprintf(v->to.out, "==%" PRId32 "== ", v->pid);
}

/* A line of weir's own words. */
__attribute__((format(printf, 2, 3))) static void line(const struct valgrind *v, const char *format, ...)
{
        va_list args;

        open_line(v);
        va_start(args, format);
        (void)vfprintf(v->to.out, format, args);
        va_end(args);
        putc('\n', v->to.out);
}

/* ---- records -------------------------------------------------------------- */

static void write_frame(const struct valgrind *v, const struct report_frame *frame, bool first)
{
        open_line(v);
        fprintf(v->to.out, "   %s 0x%" PRIX64 ": ", first ? "at" : "by", frame->offset);
        escape_text(&v->to, frame->function ? frame->function : "???");
        if (frame->file && frame->line) {
                fputs(" (", v->to.out);
                escape_text(&v->to, path_base(frame->file));
                fprintf(v->to.out, ":%" PRIu32 ")", frame->line);
        } else if (frame->module) {
                fputs(" (in ", v->to.out);
                escape_text(&v->to, frame->module);
                putc(')', v->to.out);
        }
        putc('\n', v->to.out);
}

static void write_records(const struct valgrind *v, const struct format_options *options)
{
        const struct memcheck_records records = memcheck_records(v->report, options);
        size_t number = 0;

        for (size_t i = v->report->leak_count; i-- > 0;) {
                const struct report_leak *leak = &v->report->leaks[i];
                size_t frames = memcheck_frames(leak, options);

                if (!memcheck_is_record(&records, leak))
                        continue;
                open_line(v);
                memcheck_headline(leak, ++number, records.count, v->to.out);
                putc('\n', v->to.out);
                for (size_t f = 0; f < frames; f++)
                        write_frame(v, &leak->stack[f], !f);
                line(v, "%s", "");
        }
}

/* ---- head and foot -------------------------------------------------------- */

static void write_head(const struct valgrind *v)
{
        const struct report_totals *t = &v->report->summary.totals;
        char a[INK_GROUPED], b[INK_GROUPED], c[INK_GROUPED];

        open_line(v);
        fputs("weir ", v->to.out);
        escape_text(&v->to, v->report->weir_version ? v->report->weir_version : "?");
        fputs(", in the form of Memcheck\n", v->to.out);
        open_line(v);
        fputs("Command:", v->to.out);
        for (size_t i = 0; i < v->report->command_count; i++) {
                putc(' ', v->to.out);
                escape_text(&v->to, v->report->command[i]);
        }
        putc('\n', v->to.out);
        line(v, "%s", "");
        line(v, "HEAP SUMMARY:");
        line(v, "    in use at exit: %s bytes in %s blocks", ink_grouped(t->live_bytes, a),
             ink_grouped(t->live_blocks, b));
        line(v, "  total heap usage: %s allocs, %s frees, %s bytes allocated", ink_grouped(t->allocations, a),
             ink_grouped(t->frees, b), ink_grouped(t->allocated_bytes, c));
        line(v, "%s", "");
}

static void write_sum(const struct valgrind *v, const char *name, const struct report_kind *sum)
{
        char a[INK_GROUPED], b[INK_GROUPED];

        line(v, "%18s: %s bytes in %s blocks", name, ink_grouped(sum->bytes, a), ink_grouped(sum->blocks, b));
}

static void write_sums(const struct valgrind *v)
{
        static const char *const names[MEMCHECK_KINDS] = {
                [MEMCHECK_DEFINITE] = "definitely lost",
                [MEMCHECK_INDIRECT] = "indirectly lost",
                [MEMCHECK_POSSIBLE] = "possibly lost",
                [MEMCHECK_REACHABLE] = "still reachable",
        };

        if (!v->report->summary.totals.live_blocks && v->report->complete) {
                line(v, "All heap blocks were freed -- no leaks are possible");
                line(v, "%s", "");
                return;
        }
        line(v, "LEAK SUMMARY:");
        for (int i = 0; i < MEMCHECK_KINDS; i++) {
                const struct report_kind sum = memcheck_sum(v->report, (enum memcheck_kind)i);

                write_sum(v, names[i], &sum);
        }
        write_sum(v, "suppressed", &v->report->summary.suppressed);
        line(v, "%s", "");
}

/* Leaks that memcheck counts as errors. */
static void write_errors(const struct valgrind *v)
{
        size_t errors = 0, suppressed = 0;

        for (size_t i = 0; i < v->report->leak_count; i++) {
                enum memcheck_kind kind = memcheck_kind(v->report->leaks[i].kind);

                if (kind != MEMCHECK_DEFINITE && kind != MEMCHECK_POSSIBLE)
                        continue;
                errors += v->report->leaks[i].status == LEAK_NEW;
                suppressed += v->report->leaks[i].status == LEAK_SUPPRESSED;
        }
        line(v, "ERROR SUMMARY: %zu errors from %zu contexts (suppressed: %zu from %zu)", errors, errors, suppressed,
             suppressed);
}

/* Also when brief: a log without records must not look clean. */
static void write_incomplete(const struct valgrind *v)
{
        if (v->report->complete)
                return;
        line(v, "weir could not see everything; there may be more leaks than are told.");
        for (size_t i = 0; i < v->report->incomplete_count; i++) {
                open_line(v);
                fprintf(v->to.out, "   process %" PRId32 ": ", v->report->incomplete[i].process);
                escape_text(&v->to, v->report->incomplete[i].reason);
                putc('\n', v->to.out);
        }
        line(v, "%s", "");
}

void valgrind_write(const struct report *report, const struct format_options *options, FILE *out)
{
        const struct valgrind v = { .report = report, .to = { out, ESCAPE_PLAIN }, .pid = memcheck_pid(report) };

        if (!options->brief)
                write_head(&v);
        write_records(&v, options);
        write_incomplete(&v);
        if (options->brief)
                return;
        write_sums(&v);
        write_errors(&v);
}
