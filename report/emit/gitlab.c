#include "frames.h"
#include "put.h"
#include "source.h"
#include "twins.h"
#include "words.h"
#include "writers.h"

#include <inttypes.h>

static const char *const severities[] = {
        [LEVEL_NOTE] = "info",
        [LEVEL_WARNING] = "minor",
        [LEVEL_ERROR] = "major",
};

/* An issue must have a path: of a program without lines it is the module's
 * name. */
static void put_location(struct put *j, const struct report_leak *leak, const struct format_options *options)
{
        struct source source;
        bool found = source_of_leak(&source, leak, options);

        put_object(j, "location", PUT_INLINE);
        if (found)
                put_foreign(j, "path", source.path);
        else
                put_foreign(j, "path",
                            source.frame && source.frame->module ? path_base(source.frame->module) : "unknown");
        put_object(j, "lines", PUT_INLINE);
        put_number(j, "begin", found ? source.frame->line : 1);
        put_end(j);
        put_end(j);
}

static void put_leak(struct put *j, const struct report *report, const struct report_leak *leak, size_t twin,
                     const struct format_options *options)
{
        const struct escape to = { j->out, ESCAPE_JSON };

        put_object(j, NULL, PUT_LINES);
        put_open_text(j, "description");
        words_leak(&to, leak);
        escape_print(&to, ", allocated in ");
        words_site(&to, leak, options);
        put_close_text(j);
        put_open_text(j, "check_name");
        escape_print(&to, "weir-%s", kind_name(leak->kind));
        put_close_text(j);
        put_open_text(j, "fingerprint");
        escape_text(&to, leak->id ? leak->id : "unknown");
        if (twin)
                escape_print(&to, "-%zu", twin + 1);
        put_close_text(j);
        put_text(j, "severity", severities[words_level(report, leak)]);
        put_location(j, leak, options);
        put_object(j, "content", PUT_INLINE);
        put_open_text(j, "body");
        words_details(&to, leak, options);
        put_close_text(j);
        put_end(j);
        put_end(j);
}

/* A report that is not whole must not look clean. */
static void put_incomplete(struct put *j, const struct report *report)
{
        const struct escape to = { j->out, ESCAPE_JSON };

        put_object(j, NULL, PUT_LINES);
        put_open_text(j, "description");
        escape_print(&to, "weir could not see everything: ");
        words_verdict(&to, report);
        put_close_text(j);
        put_text(j, "check_name", "weir-incomplete");
        put_text(j, "fingerprint", "weir-incomplete");
        put_text(j, "severity", "critical");
        put_object(j, "location", PUT_INLINE);
        put_foreign(j, "path", report->command_count ? path_base(report->command[0]) : "unknown");
        put_object(j, "lines", PUT_INLINE);
        put_number(j, "begin", 1);
        put_end(j);
        put_end(j);
        put_object(j, "content", PUT_INLINE);
        put_open_text(j, "body");
        words_incomplete(&to, report);
        put_close_text(j);
        put_end(j);
        put_end(j);
}

void gitlab_write(const struct report *report, const struct format_options *options, FILE *out)
{
        struct put j = put_to(out);
        struct twins twins = twins_find(report);

        put_array(&j, NULL, PUT_LINES);
        for (size_t i = 0; i < report->leak_count; i++)
                if (report->leaks[i].status != LEAK_SUPPRESSED && format_lists(options, &report->leaks[i]))
                        put_leak(&j, report, &report->leaks[i], twins_before(&twins, i), options);
        if (!report->complete)
                put_incomplete(&j, report);
        put_end(&j);
        twins_deinit(&twins);
}
