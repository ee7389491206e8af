/* Prints reports of every shape as JSON, one after the other, each followed by
 * a line "--": what check_schema.py validates. */
#include "emit/json_write.h"
#include "sample_report.h"

#include <stdio.h>
#include <stdlib.h>

static void print(struct report *report)
{
        json_write(report, stdout);
        puts("--");
        report_destroy(report);
}

static struct report *empty(void)
{
        struct report *report = report_create();

        if (!report)
                abort();
        report->complete = true;
        return report;
}

/* Everything that can be absent is, everything that can be odd is. */
static struct report *odd(void)
{
        struct report *report = sample_report();

        report->complete = false;
        SAMPLE_LIST(report, report->incomplete, report->incomplete_count, { { 101, "killed \xff" }, { 0, "all" } });
        report->gate.status = GATE_INCOMPLETE;
        SAMPLE_LIST(report, report->gate.rules, report->gate.rule_count, { { "max-bytes", 10, 3, true } });
        report->gate.has_baseline = true;
        report->leaks[0].stack[1] = (struct report_frame){ .offset = UINT64_MAX };
        report->leaks[1].kind = KIND_UNKNOWN;
        report->leaks[1].cycle = NULL;
        report->leaks[2].status = LEAK_KNOWN;
        report->processes[0].exe = report->processes[0].build_id = NULL;
        report->processes[0].end_how = END_EXEC;
        report->processes[0].end_exec = "/bin/\xc3";
        report->processes[1].end_how = END_RUNNING;
        report->summary.totals.events = UINT64_MAX;
        report_sort(report);
        return report;
}

int main(void)
{
        print(empty());
        print(sample_report());
        print(odd());
        return ferror(stdout) || fflush(stdout);
}
