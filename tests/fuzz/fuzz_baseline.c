/* A baseline, compared with a report and written again. */
#include "fuzz.h"

#include "policy/baseline.h"

#include <stdio.h>
#include <stdlib.h>

static void write_out(const struct baseline *baseline)
{
        struct baseline again;
        struct error e = { 0 };
        char *text = NULL;
        size_t size;
        FILE *out = open_memstream(&text, &size);

        if (!out)
                abort();
        baseline_write(baseline, out);
        fclose(out);
        /* What it writes, it reads. */
        if (baseline_parse(&again, text, size, "written", &e) || again.count != baseline->count)
                abort();
        baseline_deinit(&again);
        free(text);
}

static void compare(const struct baseline *baseline)
{
        static const struct baseline_tolerance tolerance = { .percent = 10 };
        struct report_leak leaks[] = {
                { .id = "0123456789abcdef", .bytes = 10, .blocks = 1 },
                { .id = "fedcba9876543210", .bytes = UINT64_MAX, .blocks = UINT64_MAX, .kind = KIND_CYCLE },
        };
        struct report *report = report_create();
        struct error e = { 0 };

        if (!report)
                abort();
        report->leaks = leaks;
        report->leak_count = 2;
        if (baseline_apply(baseline, report, &tolerance, &e))
                abort();
        report_destroy(report);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        struct baseline baseline;
        struct error e = { 0 };

        if (baseline_parse(&baseline, (const char *)data, size, "input", &e)) {
                if (e.code != ERROR_BAD_INPUT)
                        abort();
                return 0;
        }
        compare(&baseline);
        write_out(&baseline);
        baseline_deinit(&baseline);
        return 0;
}
