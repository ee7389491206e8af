/* Prints a report in a form, for check_formats.py:
 *
 *     print-formats FORMAT plain|hostile|judged|known|empty|many
 */
#include "emit/format.h"
#include "emit/writers.h"
#include "policy/gate.h"
#include "emit/kinds.h"
#include "sample_report.h"

#include <stdio.h>
#include <stdlib.h>

/* One of everything that means something somewhere. */
#define HOSTILE                                                                         \
        "evil\n::error::\r\t\x1b[31m%0A,]]></failure>&amp;<b>\"'`|*_#\\ # SKIP\xff\xc3" \
        "\xe2\x80\xae\xe2\x80\xa8\xef\xbf\xbf\x01\x7f\xc2\x9b ...\n---\n@x :/\xc3\xa9"

static void make_hostile(struct report *report)
{
        for (size_t i = 0; i < report->leak_count; i++) {
                struct report_leak *leak = &report->leaks[i];

                for (size_t f = 1; f < leak->stack_count; f++) {
                        leak->stack[f].function = leak->stack[f].linkage_name = HOSTILE;
                        leak->stack[f].module = "/srv/app/" HOSTILE;
                        if (leak->stack[f].file)
                                leak->stack[f].file = f & 1 ? HOSTILE ".c" : "/srv/app/src/" HOSTILE ".c";
                        if (leak->stack[f].directory)
                                leak->stack[f].directory = "/srv/app/" HOSTILE;
                }
                leak->type = leak->weak_why = HOSTILE;
                if (leak->suppressed_by)
                        leak->suppressed_by = HOSTILE;
                if (leak->cycle)
                        leak->cycle->path[0].type = leak->cycle->path[0].field = HOSTILE;
        }
        report->command[0] = report->command[1] = HOSTILE;
        report->started = HOSTILE;
        report->weir_version = HOSTILE;
        for (size_t i = 0; i < report->suppression_count; i++)
                report->suppressions[i].rule = report->suppressions[i].file = HOSTILE;
        for (size_t i = 0; i < report->diagnostic_count; i++)
                report->diagnostics[i].code = report->diagnostics[i].message = HOSTILE;
        report->complete = false;
        SAMPLE_LIST(report, report->incomplete, report->incomplete_count, { { 101, HOSTILE }, { 0, HOSTILE } });
}

/* More than SARIF has room for; the heaviest are suppressed. */
static void make_many(struct report *report)
{
        enum { COUNT = SARIF_MOST + 10, SUPPRESSED = 30 };

        report->leaks = report_array(report, COUNT, sizeof *report->leaks);
        if (!report->leaks)
                abort();
        report->leak_count = COUNT;
        for (size_t i = 0; i < COUNT; i++)
                report->leaks[i] = (struct report_leak){
                        .id = report_format(report, "%016zx", i),
                        .bytes = COUNT - i,
                        .blocks = 1,
                        .status = i < SUPPRESSED ? LEAK_SUPPRESSED : LEAK_NEW,
                };
}

static struct report *make(const char *name)
{
        static const struct policy policy = { .asked = true, .fail_on = KINDS_GATE };
        struct report *report = sample_report();
        struct error e;

        if (!strcmp(name, "empty"))
                report->leak_count = 0;
        if (!strcmp(name, "hostile"))
                make_hostile(report);
        if (!strcmp(name, "many"))
                make_many(report);
        if (!strcmp(name, "known")) {
                report->gate.has_baseline = true;
                report->leaks[1].status = LEAK_KNOWN;
                report->leaks[2].id = report->leaks[0].id; /* twins */
                report->leaks[2].kind = KIND_DEFINITE;
        }
        report_sort(report);
        if (strcmp(name, "plain") && gate_judge(report, &policy, &e))
                abort();
        return report;
}

int main(int argc, char **argv)
{
        struct format_options options = format_defaults();
        const struct format *format = argc == 3 ? format_find(argv[1]) : NULL;
        struct report *report;

        if (!format)
                return 2;
        options.kinds = KINDS_ALL & ~(1u << KIND_INDIRECT);
        options.root = "/srv/app";
        report = make(argv[2]);
        format->write(report, &options, stdout);
        report_destroy(report);
        return ferror(stdout) || fflush(stdout);
}
