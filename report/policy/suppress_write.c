#include "suppress_write.h"

#include "../emit/frames.h"
#include "../emit/kinds.h"

#include <stdlib.h>
#include <string.h>

enum { FRAMES_MOST = 48 }; /* of one rule; outer frames are free */

/* A name as a pattern: what would end a line, or be trimmed off it, becomes
 * `*`, which every syntax takes for anything. */
static void print_name(const char *name, FILE *out)
{
        for (const char *c = name; *c; c++) {
                bool at_end = c == name || !c[1];

                putc((unsigned char)*c < 0x20 || (*c == ' ' && at_end) ? '*' : *c, out);
        }
}

static void print_location(const char *type, const char *name, FILE *out)
{
        fprintf(out, "   %s:", type);
        print_name(name, out);
        putc('\n', out);
}

/* ---- entries of weir and of Valgrind ---------------------------------------- */

static void print_frame(const struct report_frame *frame, enum rule_form form, FILE *out)
{
        const char *function = frame->function;

        if (function && form == RULE_VALGRIND && frame->linkage_name)
                function = frame->linkage_name;
        if (function && !frame->linkage_name && !strcmp(function, "operator new"))
                print_location("fun", form == RULE_VALGRIND ? "_Znw*" : function, out);
        else if (function && !frame->linkage_name && !strcmp(function, "operator new[]"))
                print_location("fun", form == RULE_VALGRIND ? "_Zna*" : function, out);
        else if (function)
                print_location("fun", function, out);
        else if (frame->module) {
                fputs("   obj:*/", out);
                print_name(path_base(frame->module), out);
                putc('\n', out);
        } else {
                fputs("   obj:*\n", out);
        }
}

/* Valgrind counts cycles as definite, and knows no unknown. */
static void print_kinds(enum kind kind, enum rule_form form, FILE *out)
{
        if (form == RULE_VALGRIND && kind == KIND_UNKNOWN)
                return;
        if (form == RULE_VALGRIND && kind == KIND_CYCLE)
                kind = KIND_DEFINITE;
        fprintf(out, "   match-leak-kinds: %s\n", kind_name(kind));
}

static void print_entry(const struct report_leak *leak, enum rule_form form, FILE *out)
{
        const struct report_frame *site = frames_site(leak->stack, leak->stack_count);
        size_t count = frames_without_runtime(leak->stack, leak->stack_count);

        fprintf(out, "{\n   %s %s", kind_name(leak->kind), leak->id ? leak->id : "?");
        if (site && site->function) {
                fputs(": ", out);
                print_name(site->function, out);
        }
        fprintf(out, "\n   %s:Leak\n", form == RULE_VALGRIND ? "Memcheck" : "weir");
        print_kinds(leak->kind, form, out);
        for (size_t i = 0; i < count && i < FRAMES_MOST; i++)
                print_frame(&leak->stack[i], form, out);
        fputs("}\n", out);
}

/* ---- lines of LeakSanitizer -------------------------------------------------- */

static void print_line(const struct report_leak *leak, FILE *out)
{
        const struct report_frame *site = frames_site(leak->stack, leak->stack_count);
        const char *name = site ? (site->function ? site->function : site->module) : NULL;

        if (!name)
                return;
        fputs("leak:^", out);
        print_name(name, out);
        fputs("$\n", out);
}

/* ---- a report -------------------------------------------------------------- */

static bool is_wanted(const struct report_leak *leak, uint32_t kinds)
{
        bool heads = (kinds & KINDS_GATE) == KINDS_GATE;

        if (leak->status == LEAK_SUPPRESSED || !(kinds & 1u << leak->kind))
                return false;
        return !(leak->kind == KIND_INDIRECT && leak->owner_count && heads);
}

/* The rule's text; free it.  NULL without memory. */
static char *text_of(const struct report_leak *leak, enum rule_form form, size_t *length)
{
        char *text = NULL;
        FILE *out = open_memstream(&text, length);

        if (!out)
                return NULL;
        if (form == RULE_LSAN)
                print_line(leak, out);
        else
                print_entry(leak, form, out);
        if (!fclose(out))
                return text;
        free(text);
        return NULL;
}

static int write_rule(struct suppressions *written, const struct report_leak *leak, enum rule_form form, FILE *out,
                      struct error *e)
{
        struct error why = { 0 };
        size_t length;
        char *text = text_of(leak, form, &length);
        bool usable;

        if (!text)
                return error_no_memory(e, "writing suppressions");
        usable = !suppressions_parse(written, text, length, "rule", &why) && suppressions_find(written, leak);
        if (usable)
                fputs(text, out);
        else if (why.code != ERROR_NO_MEMORY)
                fprintf(out, "# nothing in this syntax names the leak %s %s\n", kind_name(leak->kind),
                        leak->id ? leak->id : "?");
        free(text);
        return why.code == ERROR_NO_MEMORY ? error_no_memory(e, "writing suppressions") : 0;
}

int suppressions_write(const struct report *report, uint32_t kinds, enum rule_form form, FILE *out, struct error *e)
{
        struct suppressions written = { 0 };
        int status = 0;

        for (size_t i = 0; i < report->leak_count && !status; i++) {
                const struct report_leak *leak = &report->leaks[i];

                if (is_wanted(leak, kinds) && !suppressions_find(&written, leak))
                        status = write_rule(&written, leak, form, out, e);
        }
        suppressions_deinit(&written);
        return status;
}
