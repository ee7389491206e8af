#include "printing.h"

#include "emit/format.h"

static const struct format *chosen(const struct shared_output *options)
{
        switch (options->format) {
        case FORMAT_TEXT:
                return format_find("text");
        case FORMAT_JSON:
                return format_find("json");
        default:
                return format_find(options->report ? "json" : "text");
        }
}

static bool is_silent(const struct report *report, const struct shared_output *options)
{
        bool failed = report->gate.status == GATE_FAIL || report->gate.status == GATE_INCOMPLETE;

        return options->quiet && !options->report && !failed;
}

int printing_report(const struct report *report, const struct shared_output *options, FILE *out, struct error *e)
{
        struct format_options format = format_defaults();

        (void)e;
        if (is_silent(report, options))
                return 0;
        format.kinds = options->kinds;
        format.retained = options->retained;
        format.limit = (size_t)options->limit.value;
        format.color = shared_color(options, fileno(out));
        chosen(options)->write(report, &format, out);
        return 0;
}
