#include "source.h"
#include "words.h"
#include "writers.h"

#include <inttypes.h>

struct github {
        const struct report *report;
        const struct format_options *options;
        FILE *out;
        size_t errors, warnings, hidden; /* written, written, and not */
};

/* The command for the level, or NULL when the step has had its share.  A step
 * without a gate does not fail, so nothing in it is an error. */
static const char *command_for(struct github *github, enum words_level level)
{
        if (level == LEVEL_ERROR && github->report->gate.status == GATE_OFF)
                level = LEVEL_WARNING;
        switch (level) {
        case LEVEL_ERROR:
                return github->errors++ < GITHUB_MOST ? "error" : NULL;
        case LEVEL_WARNING:
                return github->warnings++ < GITHUB_MOST ? "warning" : NULL;
        default:
                return NULL;
        }
}

static void write_place(struct github *github, const struct report_leak *leak)
{
        const struct escape to = { github->out, ESCAPE_PROPERTY };
        struct source source;

        /* Of other files GitHub knows nothing. */
        if (!source_of_leak(&source, leak, github->options) || !source.below)
                return;
        fputs("file=", github->out);
        escape_text(&to, source.path);
        fprintf(github->out, ",line=%" PRIu32 ",", source.frame->line);
}

static void write_leak(struct github *github, const struct report_leak *leak)
{
        const struct escape to = { github->out, ESCAPE_COMMAND }, property = { github->out, ESCAPE_PROPERTY };
        const char *command = command_for(github, words_level(github->report, leak));

        if (!command) {
                github->hidden++;
                return;
        }
        fprintf(github->out, "::%s ", command);
        write_place(github, leak);
        fputs("title=", github->out);
        escape_print(&property, "weir: %s %s", kind_name(leak->kind), leak->id ? leak->id : "?");
        fputs("::", github->out);
        words_leak(&to, leak);
        escape_print(&to, ", allocated in ");
        words_site(&to, leak, github->options);
        escape_print(&to, "\n");
        words_details(&to, leak, github->options);
        putc('\n', github->out);
}

static void write_verdict(struct github *github)
{
        const struct escape to = { github->out, ESCAPE_COMMAND };
        bool failed = github->report->gate.status == GATE_FAIL || github->report->gate.status == GATE_INCOMPLETE;

        github->errors += failed;
        fprintf(github->out, "::%s title=weir::", failed ? "error" : "notice");
        words_verdict(&to, github->report);
        escape_print(&to, "\n");
        words_rules(&to, github->report);
        words_incomplete(&to, github->report);
        putc('\n', github->out);
}

void github_write(const struct report *report, const struct format_options *options, FILE *out)
{
        struct github github = { .report = report, .options = options, .out = out };

        write_verdict(&github);
        for (size_t i = 0; i < report->leak_count; i++)
                if (report->leaks[i].status == LEAK_NEW && format_lists(options, &report->leaks[i]))
                        write_leak(&github, &report->leaks[i]);
        if (github.hidden)
                fprintf(out, "::notice title=weir::%zu more leaks are not shown here, the report has them all\n",
                        github.hidden);
}
