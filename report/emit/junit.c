#include "frames.h"
#include "source.h"
#include "twins.h"
#include "words.h"
#include "writers.h"

#include <inttypes.h>

struct junit {
        const struct report *report;
        const struct format_options *options;
        struct escape to;
};

struct counts {
        size_t tests, failures, errors, skipped;
};

static struct counts count(const struct report *report, const struct format_options *options)
{
        struct counts counts = { .tests = 1 };

        for (size_t i = 0; i < report->leak_count; i++) {
                if (!format_lists(options, &report->leaks[i]))
                        continue;
                counts.tests++;
                counts.failures += report->leaks[i].fails_gate;
                counts.skipped += report->leaks[i].status == LEAK_SUPPRESSED;
        }
        counts.failures += report->gate.status == GATE_FAIL;
        counts.errors += report->gate.status == GATE_INCOMPLETE;
        counts.skipped += report->gate.status == GATE_OFF;
        return counts;
}

static void write_counts(const struct junit *junit)
{
        const struct counts counts = count(junit->report, junit->options);

        fprintf(junit->to.out,
                " tests=\"%zu\" failures=\"%zu\" errors=\"%zu\" skipped=\"%zu\" time=\"%" PRIu64 ".%03u\"",
                counts.tests, counts.failures, counts.errors, counts.skipped, junit->report->duration_ns / 1000000000,
                (unsigned)(junit->report->duration_ns / 1000000 % 1000));
}

static void write_name(const struct junit *junit)
{
        fputs("weir: ", junit->to.out);
        escape_text(&junit->to, junit->report->command_count ? path_base(junit->report->command[0]) : "unknown");
}

/* The form has no room for the time zone. */
static void write_time(const struct junit *junit)
{
        char time[sizeof "2026-11-21T04:00:00"];

        if (!junit->report->started)
                return;
        (void)snprintf(time, sizeof time, "%s", junit->report->started);
        fputs(" timestamp=\"", junit->to.out);
        escape_text(&junit->to, time);
        putc('"', junit->to.out);
}

/* `<testcase ...` without the end of the tag. */
static void open_case(const struct junit *junit)
{
        fputs("    <testcase classname=\"weir\" time=\"0\"", junit->to.out);
}

/* ---- leaks ---------------------------------------------------------------- */

static void write_place(const struct junit *junit, const struct report_leak *leak)
{
        struct source source;

        if (!source_of_leak(&source, leak, junit->options))
                return;
        fputs(" file=\"", junit->to.out);
        escape_text(&junit->to, source.path);
        fprintf(junit->to.out, "\" line=\"%" PRIu32 "\"", source.frame->line);
}

static void write_failure(const struct junit *junit, const struct report_leak *leak)
{
        FILE *out = junit->to.out;

        fprintf(out, "      <failure type=\"%s\" message=\"", kind_name(leak->kind));
        words_leak(&junit->to, leak);
        fputs("\">", out);
        words_leak(&junit->to, leak);
        putc('\n', out);
        words_details(&junit->to, leak, junit->options);
        fputs("</failure>\n", out);
}

static void write_passed(const struct junit *junit, const struct report_leak *leak)
{
        FILE *out = junit->to.out;

        fputs("      <system-out>", out);
        words_leak(&junit->to, leak);
        putc('\n', out);
        words_details(&junit->to, leak, junit->options);
        fputs("</system-out>\n", out);
}

static void write_leak(const struct junit *junit, const struct report_leak *leak, size_t twin)
{
        FILE *out = junit->to.out;

        open_case(junit);
        fprintf(out, " name=\"%s leak ", kind_name(leak->kind));
        words_site(&junit->to, leak, junit->options);
        putc(' ', out);
        escape_text(&junit->to, leak->id ? leak->id : "?");
        if (twin)
                fprintf(out, "-%zu", twin + 1);
        putc('"', out);
        write_place(junit, leak);
        fputs(">\n", out);
        if (leak->status == LEAK_SUPPRESSED) {
                fputs("      <skipped message=\"suppressed by ", out);
                escape_text(&junit->to, leak->suppressed_by ? leak->suppressed_by : "a rule");
                fputs("\"/>\n", out);
        }
        if (leak->fails_gate)
                write_failure(junit, leak);
        else
                write_passed(junit, leak);
        fputs("    </testcase>\n", out);
}

/* ---- gate ----------------------------------------------------------------- */

static void write_verdict(const struct junit *junit, const char *element, const char *type)
{
        FILE *out = junit->to.out;

        fprintf(out, "      <%s type=\"%s\" message=\"", element, type);
        words_verdict(&junit->to, junit->report);
        fputs("\">", out);
        words_verdict(&junit->to, junit->report);
        putc('\n', out);
        words_rules(&junit->to, junit->report);
        words_incomplete(&junit->to, junit->report);
        fprintf(out, "</%s>\n", element);
}

static void write_gate(const struct junit *junit)
{
        FILE *out = junit->to.out;

        open_case(junit);
        fputs(" name=\"gate\">\n", out);
        switch (junit->report->gate.status) {
        case GATE_FAIL:
                write_verdict(junit, "failure", "gate");
                break;
        case GATE_INCOMPLETE:
                write_verdict(junit, "error", "incomplete");
                break;
        case GATE_OFF:
                fputs("      <skipped message=\"no gate was asked for\"/>\n", out);
                break;
        case GATE_PASS:
                break;
        }
        if (junit->report->gate.status == GATE_OFF || junit->report->gate.status == GATE_PASS) {
                fputs("      <system-out>", out);
                words_verdict(&junit->to, junit->report);
                putc('\n', out);
                words_rules(&junit->to, junit->report);
                words_incomplete(&junit->to, junit->report);
                fputs("</system-out>\n", out);
        }
        fputs("    </testcase>\n", out);
}

void junit_write(const struct report *report, const struct format_options *options, FILE *out)
{
        const struct junit junit = { .report = report, .options = options, .to = { out, ESCAPE_XML } };
        struct twins twins = twins_find(report);

        fputs("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"weir\"", out);
        write_counts(&junit);
        fputs(">\n  <testsuite name=\"", out);
        write_name(&junit);
        putc('"', out);
        write_counts(&junit);
        write_time(&junit);
        fputs(">\n", out);
        for (size_t i = 0; i < report->leak_count; i++)
                if (format_lists(options, &report->leaks[i]))
                        write_leak(&junit, &report->leaks[i], twins_before(&twins, i));
        write_gate(&junit);
        fputs("  </testsuite>\n</testsuites>\n", out);
        twins_deinit(&twins);
}
