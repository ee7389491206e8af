#include "frames.h"
#include "source.h"
#include "words.h"
#include "writers.h"

#include <inttypes.h>

static void write_note(const struct escape *to, const struct report_frame *frame, const struct format_options *options)
{
        struct source source;

        if (!source_of(&source, frame, options))
                return;
        escape_text(to, source.path);
        escape_print(to, ":%" PRIu32 ": note: in ", frame->line);
        escape_text(to, frame->function ? frame->function : "??");
        escape_print(to, "\n");
}

static void write_leak(const struct escape *to, const struct report_leak *leak, const struct format_options *options)
{
        size_t own = frames_without_runtime(leak->stack, leak->stack_count);
        struct source source;

        (void)source_of_leak(&source, leak, options);
        if (source.frame)
                words_place(to, source.frame, options);
        else
                escape_print(to, "weir");
        escape_print(to, ": %s: ", leak->fails_gate ? "error" : "warning");
        words_leak(to, leak);
        if (source.frame && source.frame->function) {
                escape_print(to, ", allocated in ");
                escape_text(to, source.frame->function);
        }
        escape_print(to, " [%s %s]\n", kind_name(leak->kind), leak->id ? leak->id : "?");
        for (size_t i = 0; i < own; i++)
                if (&leak->stack[i] != source.frame)
                        write_note(to, &leak->stack[i], options);
}

void gcc_write(const struct report *report, const struct format_options *options, FILE *out)
{
        const struct escape to = { out, ESCAPE_PLAIN };

        for (size_t i = 0; i < report->leak_count; i++)
                if (report->leaks[i].status == LEAK_NEW && format_lists(options, &report->leaks[i]))
                        write_leak(&to, &report->leaks[i], options);
        words_incomplete(&(struct escape){ out, ESCAPE_PLAIN }, report);
}
