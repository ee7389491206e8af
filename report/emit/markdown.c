#include "source.h"
#include "words.h"
#include "writers.h"

#include "ink.h"

static bool is_shown(const struct report_leak *leak, const struct format_options *options)
{
        return leak->status == LEAK_NEW && format_lists(options, leak);
}

static void write_number(FILE *out, uint64_t value)
{
        char text[INK_GROUPED];

        fprintf(out, "%s | ", ink_grouped(value, text));
}

static void write_row(const struct report_leak *leak, const struct format_options *options, FILE *out)
{
        const struct escape to = { out, ESCAPE_MARKDOWN };
        uint64_t bytes = leak->exclusive_bytes > leak->bytes ? leak->exclusive_bytes : leak->bytes;
        uint64_t blocks = leak->exclusive_bytes > leak->bytes ? leak->exclusive_blocks : leak->blocks;

        fprintf(out, "| %s%s | ", kind_name(leak->kind), leak->fails_gate ? " **fails**" : "");
        write_number(out, bytes);
        write_number(out, blocks);
        fputs("<code>", out);
        words_site(&to, leak, options);
        fputs("</code> | <code>", out);
        escape_text(&to, leak->id ? leak->id : "?");
        fputs("</code> |\n", out);
}

static void write_details(const struct report_leak *leak, const struct format_options *options, FILE *out)
{
        const struct escape to = { out, ESCAPE_MARKDOWN };

        fputs("\n<details><summary>", out);
        words_leak(&to, leak);
        fputs(": <code>", out);
        words_site(&to, leak, options);
        fputs("</code></summary>\n<pre>", out);
        words_details(&to, leak, options);
        fputs("</pre></details>\n", out);
}

static void write_leaks(const struct report *report, const struct format_options *options, FILE *out)
{
        size_t shown = 0, hidden = 0;

        for (size_t i = 0; i < report->leak_count; i++) {
                if (!is_shown(&report->leaks[i], options))
                        continue;
                if (options->limit && shown >= options->limit) {
                        hidden++;
                        continue;
                }
                if (!shown++)
                        fputs("\n| kind | bytes | blocks | where | id |\n|---|---:|---:|---|---|\n", out);
                write_row(&report->leaks[i], options, out);
        }
        if (hidden)
                fprintf(out, "\n... and %zu more.\n", hidden);
        shown = 0;
        for (size_t i = 0; i < report->leak_count; i++)
                if (is_shown(&report->leaks[i], options) && (!options->limit || shown++ < options->limit))
                        write_details(&report->leaks[i], options, out);
}

void markdown_write(const struct report *report, const struct format_options *options, FILE *out)
{
        const struct escape to = { out, ESCAPE_MARKDOWN };

        fputs("### weir: ", out);
        words_verdict(&to, report);
        fputs("\n\n<code>", out);
        for (size_t i = 0; i < report->command_count; i++) {
                if (i)
                        putc(' ', out);
                escape_text(&to, report->command[i]);
        }
        fputs("</code>\n", out);
        if (report->gate.rule_count || report->incomplete_count || report->gate.has_baseline) {
                fputs("\n<pre>", out);
                words_rules(&to, report);
                words_incomplete(&to, report);
                fputs("</pre>\n", out);
        }
        write_leaks(report, options, out);
}
