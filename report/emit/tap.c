#include "put.h"
#include "words.h"
#include "writers.h"

struct tap {
        const struct report *report;
        const struct format_options *options;
        FILE *out;
        size_t number; /* of the last test */
};

static void write_result(struct tap *tap, bool ok)
{
        fprintf(tap->out, "%s %zu - ", ok ? "ok" : "not ok", ++tap->number);
}

/* A YAML string in double quotes is written as JSON's. */
static void open_detail(struct tap *tap, const char *name)
{
        fprintf(tap->out, "  %s: \"", name);
}

static void close_detail(struct tap *tap)
{
        fputs("\"\n", tap->out);
}

static void write_leak(struct tap *tap, const struct report_leak *leak)
{
        const struct escape to = { tap->out, ESCAPE_TAP }, yaml = { tap->out, ESCAPE_JSON };

        write_result(tap, leak->status == LEAK_SUPPRESSED);
        words_leak(&to, leak);
        escape_print(&to, ", allocated in ");
        words_site(&to, leak, tap->options);
        if (leak->status == LEAK_SUPPRESSED) {
                fputs(" # SKIP suppressed by ", tap->out);
                escape_text(&to, leak->suppressed_by ? leak->suppressed_by : "a rule");
        } else if (!leak->fails_gate) {
                fprintf(tap->out, " # TODO %s",
                        leak->status == LEAK_KNOWN ? "known: in the baseline" : "does not fail the gate");
        }
        fputs("\n  ---\n", tap->out);
        open_detail(tap, "id");
        escape_text(&yaml, leak->id ? leak->id : "?");
        close_detail(tap);
        fprintf(tap->out, "  kind: %s\n", kind_name(leak->kind));
        open_detail(tap, "details");
        words_details(&yaml, leak, tap->options);
        close_detail(tap);
        fputs("  ...\n", tap->out);
}

static void write_gate(struct tap *tap)
{
        const struct escape to = { tap->out, ESCAPE_TAP }, yaml = { tap->out, ESCAPE_JSON };
        enum gate_status status = tap->report->gate.status;

        write_result(tap, status == GATE_PASS || status == GATE_OFF);
        fputs("gate: ", tap->out);
        words_verdict(&to, tap->report);
        if (status == GATE_OFF)
                fputs(" # SKIP no gate was asked for", tap->out);
        fputs("\n  ---\n", tap->out);
        open_detail(tap, "status");
        fputs(gate_status_name(status), tap->out);
        close_detail(tap);
        open_detail(tap, "rules");
        words_rules(&yaml, tap->report);
        words_incomplete(&yaml, tap->report);
        close_detail(tap);
        fputs("  ...\n", tap->out);
}

void tap_write(const struct report *report, const struct format_options *options, FILE *out)
{
        struct tap tap = { .report = report, .options = options, .out = out };
        size_t tests = 1;

        for (size_t i = 0; i < report->leak_count; i++)
                tests += format_lists(options, &report->leaks[i]);
        fprintf(out, "TAP version 13\n1..%zu\n", tests);
        for (size_t i = 0; i < report->leak_count; i++)
                if (format_lists(options, &report->leaks[i]))
                        write_leak(&tap, &report->leaks[i]);
        write_gate(&tap);
}
