#include "escape.h"
#include "memcheck.h"
#include "source.h"
#include "writers.h"

#include <inttypes.h>
#include <string.h>

static void element(const struct escape *to, const char *name, const char *text)
{
        fprintf(to->out, "<%s>", name);
        escape_text(to, text);
        fprintf(to->out, "</%s>", name);
}

static void write_status(FILE *out, const char *state, uint64_t ns)
{
        uint64_t ms = ns / 1000000;

        fprintf(out, "<status>\n  <state>%s</state>\n  <time>%02" PRIu64 ":%02u:%02u:%02u.%03u </time>\n</status>\n\n",
                state, ms / 86400000, (unsigned)(ms / 3600000 % 24), (unsigned)(ms / 60000 % 60),
                (unsigned)(ms / 1000 % 60), (unsigned)(ms % 1000));
}

static void write_words(const struct escape *to, const char *const *words, size_t count)
{
        for (size_t i = 0; i < count; i++) {
                fputs("    ", to->out);
                element(to, i ? "arg" : "exe", words[i]);
                putc('\n', to->out);
        }
        if (!count)
                fputs("    <exe>unknown</exe>\n", to->out);
}

static void write_head(const struct escape *to, const struct report *report)
{
        FILE *out = to->out;

        fputs("<?xml version=\"1.0\"?>\n\n<valgrindoutput>\n\n<protocolversion>4</protocolversion>\n"
              "<protocoltool>memcheck</protocoltool>\n\n<preamble>\n  <line>weir ",
              out);
        escape_text(to, report->weir_version ? report->weir_version : "?");
        fputs(", in the form of Memcheck</line>\n", out);
        for (size_t i = 0; i < report->incomplete_count; i++) {
                fputs("  ", out);
                element(to, "line", report->incomplete[i].reason);
                putc('\n', out);
        }
        fprintf(out,
                "</preamble>\n\n<pid>%" PRId32 "</pid>\n<ppid>%" PRId32 "</ppid>\n"
                "<tool>memcheck</tool>\n\n<args>\n  <vargv>\n    <exe>weir</exe>\n  </vargv>\n  <argv>\n",
                memcheck_pid(report), report->process_count ? report->processes[0].ppid : 0);
        write_words(to, report->command, report->command_count);
        fputs("  </argv>\n</args>\n\n", out);
        write_status(out, "RUNNING", 0);
        write_status(out, "FINISHED", report->duration_ns);
}

/* ---- records -------------------------------------------------------------- */

static void write_source(const struct escape *to, const struct report_frame *frame,
                         const struct format_options *options)
{
        struct source source;
        char *slash;

        if (!source_of(&source, frame, options))
                return;
        slash = strrchr(source.path, '/');
        fputs("\n      ", to->out);
        if (slash) {
                *slash = '\0';
                element(to, "dir", *source.path ? source.path : "/");
                fputs("\n      ", to->out);
        }
        element(to, "file", slash ? slash + 1 : source.path);
        fprintf(to->out, "\n      <line>%" PRIu32 "</line>", frame->line);
}

static void write_frame(const struct escape *to, const struct report_frame *frame, const struct format_options *options)
{
        fprintf(to->out, "    <frame>\n      <ip>0x%" PRIX64 "</ip>", frame->offset);
        if (frame->module) {
                fputs("\n      ", to->out);
                element(to, "obj", frame->module);
        }
        if (frame->function) {
                fputs("\n      ", to->out);
                element(to, "fn", frame->function);
        }
        write_source(to, frame, options);
        fputs("\n    </frame>\n", to->out);
}

static const char *kind_of(const struct report_leak *leak)
{
        static const char *const names[MEMCHECK_KINDS] = {
                [MEMCHECK_DEFINITE] = "Leak_DefinitelyLost",
                [MEMCHECK_INDIRECT] = "Leak_IndirectlyLost",
                [MEMCHECK_POSSIBLE] = "Leak_PossiblyLost",
                [MEMCHECK_REACHABLE] = "Leak_StillReachable",
        };

        return names[memcheck_kind(leak->kind)];
}

static void write_error(const struct escape *to, const struct report_leak *leak, size_t number, size_t count,
                        const struct format_options *options)
{
        /* Paths are told as Valgrind does: in full. */
        const struct format_options whole = { .frames = options->frames };
        FILE *out = to->out;

        fprintf(out,
                "<error>\n  <unique>0x%zx</unique>\n  <tid>%" PRIu32 "</tid>\n  <kind>%s</kind>\n  <xwhat>\n    <text>",
                number - 1, leak->thread_count ? leak->threads[0] : 1, kind_of(leak));
        memcheck_headline(leak, number, count, out);
        fprintf(out,
                "</text>\n    <leakedbytes>%" PRIu64 "</leakedbytes>\n    <leakedblocks>%" PRIu64
                "</leakedblocks>\n  </xwhat>\n  <stack>\n",
                leak->bytes + memcheck_indirect_bytes(leak), leak->blocks);
        for (size_t i = 0; i < memcheck_frames(leak, options); i++)
                write_frame(to, &leak->stack[i], &whole);
        if (!leak->stack_count)
                fputs("    <frame>\n      <ip>0x0</ip>\n    </frame>\n", out);
        fputs("  </stack>\n</error>\n\n", out);
}

static void write_errors(const struct escape *to, const struct report *report, const struct format_options *options)
{
        const struct memcheck_records records = memcheck_records(report, options);
        size_t number = 0;

        for (size_t i = report->leak_count; i-- > 0;)
                if (memcheck_is_record(&records, &report->leaks[i]))
                        write_error(to, &report->leaks[i], ++number, records.count, options);
        fputs("<errorcounts>\n", to->out);
        for (size_t i = 0; i < number; i++)
                fprintf(to->out, "  <pair>\n    <count>1</count>\n    <unique>0x%zx</unique>\n  </pair>\n", i);
        fputs("</errorcounts>\n\n", to->out);
}

static void write_suppressions(const struct escape *to, const struct report *report)
{
        fputs("<suppcounts>\n", to->out);
        for (size_t i = 0; i < report->suppression_count; i++) {
                if (!report->suppressions[i].blocks)
                        continue;
                fprintf(to->out, "  <pair>\n    <count>%" PRIu64 "</count>\n    ", report->suppressions[i].blocks);
                element(to, "name", report->suppressions[i].rule);
                fputs("\n  </pair>\n", to->out);
        }
        fputs("</suppcounts>\n\n", to->out);
}

void valgrind_xml_write(const struct report *report, const struct format_options *options, FILE *out)
{
        const struct escape to = { out, ESCAPE_XML };

        write_head(&to, report);
        write_errors(&to, report, options);
        write_suppressions(&to, report);
        fputs("</valgrindoutput>\n", out);
}
