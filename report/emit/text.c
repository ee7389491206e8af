#include "text.h"

#include "frames.h"
#include "words.h"

#include <inttypes.h>
#include <string.h>

enum {
        NAME_MOST = 100, /* columns of a function's name */
        ALIGN_MOST = 48, /* a longer name does not push the others' places */
        SIZES_SHOWN = 4,
        OWNERS_SHOWN = 4,
        BREAKS_SHOWN = 4,
};

/* ---- stack ---------------------------------------------------------------- */

static size_t name_width(const struct report_frame *frame)
{
        if (!frame->function)
                return 2;
        return ink_width(frame->function, NAME_MOST) + (frame->inlined ? strlen(" [inlined]") : 0);
}

static void print_place(const struct ink *ink, const struct report_frame *frame, bool dim)
{
        enum ink_style style = dim ? INK_DIM : INK_CYAN;

        if (frame->file && frame->line) {
                ink_text(ink, style, frame->file, 0);
                ink_print(ink, style, ":%" PRIu32, frame->line);
        } else if (frame->module) {
                ink_text(ink, style, path_base(frame->module), 0);
                ink_print(ink, style, "+0x%" PRIx64, frame->offset);
        } else {
                ink_print(ink, style, "in no module, 0x%" PRIx64, frame->offset);
        }
}

static void print_frame(const struct ink *ink, const struct report_frame *frame, size_t column, bool site, bool dim)
{
        enum ink_style style = dim ? INK_DIM : site ? INK_BOLD : INK_PLAIN;
        size_t width = name_width(frame);

        ink_pad(ink, 6);
        ink_text(ink, style, frame->function ? frame->function : "??", NAME_MOST);
        if (frame->inlined)
                ink_print(ink, INK_DIM, " [inlined]");
        if (!frame->file && !frame->module && !frame->offset) {
                putc('\n', ink->out); /* the allocation function: no place */
                return;
        }
        ink_pad(ink, (width < column ? column - width : 0) + 2);
        print_place(ink, frame, dim);
        putc('\n', ink->out);
}

static void print_stack(const struct ink *ink, const struct report_leak *leak)
{
        const struct report_frame *site = frames_site(leak->stack, leak->stack_count);
        size_t own = frames_without_runtime(leak->stack, leak->stack_count), column = 0;

        for (size_t i = 0; i < leak->stack_count; i++) {
                size_t width = name_width(&leak->stack[i]);

                if (width > column && width <= ALIGN_MOST)
                        column = width;
        }
        for (size_t i = 0; i < leak->stack_count; i++)
                print_frame(ink, &leak->stack[i], column, &leak->stack[i] == site, i >= own);
        if (leak->stack_truncated)
                ink_print(ink, INK_DIM, "      ... (the stack goes on)\n");
        if (!leak->stack_count)
                ink_print(ink, INK_DIM, "      (no stack was recorded)\n");
}

/* ---- cycle ---------------------------------------------------------------- */

static void print_step(const struct ink *ink, const struct report_step *step)
{
        const char *name = step->type ? step->type : step->likely_type;

        if (!step->type && step->likely_type)
                ink_print(ink, INK_DIM, "likely ");
        ink_text(ink, INK_BOLD, name ? name : step->site ? step->site : "a block", NAME_MOST);
        ink_print(ink, INK_PLAIN, " [");
        ink_number(ink, INK_PLAIN, step->size);
        ink_print(ink, INK_PLAIN, "]");
}

static void print_edge(const struct ink *ink, const struct report_step *step)
{
        ink_print(ink, INK_PLAIN, " +%" PRIu64, step->pointer ? step->member : step->offset);
        if (step->field) {
                ink_print(ink, INK_PLAIN, " ");
                ink_text(ink, INK_CYAN, step->field, NAME_MOST);
        }
        if (step->pointer) {
                ink_print(ink, INK_PLAIN, " ");
                ink_text(ink, INK_CYAN, step->pointer, NAME_MOST);
        }
}

/* What to do about the pointer, and what that does. */
static void print_cut(const struct ink *ink, const struct report_step *step)
{
        if (step->advice) {
                ink_print(ink, INK_PLAIN, ": ");
                ink_text(ink, INK_GREEN, step->advice, NAME_MOST);
        }
        if (step->cut == CUT_ALIKE)
                ink_print(ink, INK_DIM, " (ends the cycle when all %" PRIu64 " like it go)", step->alike);
        else if (step->cut == CUT_SPLITS)
                ink_print(ink, INK_DIM, " (leaves smaller cycles)");
        else if (step->cut == CUT_TOGETHER && step->alike_total > 1)
                ink_print(ink, INK_DIM,
                          step->alike < step->alike_total ? " (%" PRIu64 " of %" PRIu64 ")" : " (all %" PRIu64 ")",
                          step->alike, step->alike_total);
}

static void print_site_of(const struct ink *ink, const struct report_step *step)
{
        if ((step->type || step->likely_type) && step->site) {
                ink_print(ink, INK_DIM, "  ");
                ink_text(ink, INK_DIM, step->site, 0);
        }
}

static void print_path(const struct ink *ink, const struct report_cycle *cycle)
{
        for (size_t i = 0; i < cycle->path_count; i++) {
                ink_pad(ink, 6);
                if (i) {
                        print_edge(ink, &cycle->path[i - 1]);
                        ink_print(ink, INK_PLAIN, " --> ");
                }
                print_step(ink, &cycle->path[i]);
                print_site_of(ink, &cycle->path[i]);
                putc('\n', ink->out);
        }
        if (!cycle->path_count)
                return;
        ink_pad(ink, 6);
        if (cycle->path_count < cycle->length) {
                ink_print(ink, INK_PLAIN, "... ");
                ink_count(ink, INK_PLAIN, cycle->length - cycle->path_count, "more step");
        } else {
                print_edge(ink, &cycle->path[cycle->path_count - 1]);
        }
        ink_print(ink, INK_PLAIN, " --> ");
        ink_print(ink, INK_BOLD, "CYCLE BACK");
        ink_print(ink, INK_PLAIN, " to ");
        print_step(ink, &cycle->path[0]);
        putc('\n', ink->out);
}

static bool same_text(const char *a, const char *b)
{
        return a == b || (a && b && !strcmp(a, b));
}

/* Whether two pointers that end the cycle each are told by the same line. */
static bool reads_alike(const struct report_step *a, const struct report_step *b)
{
        if (a->cut != CUT_ENDS || b->cut != CUT_ENDS || a->size != b->size || a->offset != b->offset)
                return false;
        if (!same_text(a->type, b->type) || !same_text(a->likely_type, b->likely_type))
                return false;
        if (!a->type && !a->likely_type && !same_text(a->site, b->site))
                return false;
        return same_text(a->field, b->field) && same_text(a->pointer, b->pointer) && same_text(a->advice, b->advice);
}

/* How many of the listed read like number `at`; 0 when one before it does. */
static size_t count_alike(const struct report_cycle *cycle, size_t at)
{
        size_t count = 0;

        for (size_t i = 0; i < cycle->break_at_count; i++) {
                if (i != at && !reads_alike(&cycle->break_at[i], &cycle->break_at[at]))
                        continue;
                if (i < at)
                        return 0;
                count++;
        }
        return count;
}

static void print_break(const struct ink *ink, const struct report_step *step, size_t alike)
{
        ink_print(ink, INK_PLAIN, "    break it at: ");
        print_step(ink, step);
        print_edge(ink, step);
        print_cut(ink, step);
        if (alike > 1)
                ink_print(ink, INK_DIM, " (any one of %zu)", alike);
        putc('\n', ink->out);
}

static void print_breaks(const struct ink *ink, const struct report_cycle *cycle)
{
        bool together = cycle->break_at_count && cycle->break_at[0].cut == CUT_TOGETHER;
        uint64_t told = 0;

        if (together)
                ink_print(ink, INK_PLAIN, "    no single field breaks it; these %" PRIu64 " together do:\n",
                          cycle->break_at_total);
        for (size_t i = 0, lines = 0; i < cycle->break_at_count && lines < BREAKS_SHOWN; i++) {
                size_t alike = count_alike(cycle, i);

                if (!alike)
                        continue;
                print_break(ink, &cycle->break_at[i], alike);
                told += alike;
                lines++;
        }
        if (cycle->break_at_total > told)
                ink_print(ink, INK_DIM, "    %s %" PRIu64 " more%s\n", together ? "and" : "or",
                          cycle->break_at_total - told,
                          cycle->break_at_count > told ? ", which a JSON report (-o FILE) lists" : "");
}

void text_cycle(const struct ink *ink, const struct report_cycle *cycle)
{
        ink_print(ink, INK_PLAIN, "    the cycle: ");
        ink_count(ink, INK_PLAIN, cycle->blocks, "block");
        ink_print(ink, INK_PLAIN, ", ");
        ink_count(ink, INK_PLAIN, cycle->edges, "pointer");
        ink_print(ink, INK_PLAIN, cycle->length < cycle->blocks ? "; its shortest way round:\n" : "\n");
        print_path(ink, cycle);
        print_breaks(ink, cycle);
}

/* ---- one leak ------------------------------------------------------------- */

static enum ink_style kind_style(enum kind kind)
{
        switch (kind) {
        case KIND_DEFINITE:
        case KIND_CYCLE:
                return INK_RED;
        case KIND_POSSIBLE:
        case KIND_UNKNOWN:
                return INK_YELLOW;
        default:
                return INK_PLAIN;
        }
}

static void print_headline(const struct ink *ink, const struct report_leak *leak, size_t number)
{
        enum ink_style style = kind_style(leak->kind);
        uint64_t cycles = leak->cycle && leak->cycle->blocks ? leak->blocks / leak->cycle->blocks : 1;

        if (number)
                ink_print(ink, INK_BOLD, "#%zu ", number);
        ink_bytes(ink, style, leak->bytes);
        ink_print(ink, style, " in ");
        ink_count(ink, style, leak->blocks, "block");
        ink_print(ink, style, " %s", words_kind(leak->kind));
        if (cycles > 1)
                ink_print(ink, style, ", %" PRIu64 " times over", cycles);
        if (leak->exclusive_bytes > leak->bytes) {
                ink_print(ink, INK_PLAIN, ", with what it alone holds ");
                ink_bytes(ink, INK_PLAIN, leak->exclusive_bytes);
                ink_print(ink, INK_PLAIN, " in ");
                ink_count(ink, INK_PLAIN, leak->exclusive_blocks, "block");
        }
        ink_print(ink, INK_DIM, "  [%s %s]", kind_name(leak->kind), leak->id ? leak->id : "?");
        putc('\n', ink->out);
}

static void print_sizes(const struct ink *ink, const struct report_leak *leak)
{
        if (leak->size_count < 2 && leak->blocks < 2)
                return;
        ink_print(ink, INK_PLAIN, "    sizes: ");
        for (size_t i = 0; i < leak->size_count && i < SIZES_SHOWN; i++) {
                ink_print(ink, INK_PLAIN, i ? ", " : "");
                ink_number(ink, INK_PLAIN, leak->sizes[i].blocks);
                ink_print(ink, INK_PLAIN, " x ");
                ink_number(ink, INK_PLAIN, leak->sizes[i].size);
        }
        if (leak->size_count > SIZES_SHOWN)
                ink_print(ink, INK_PLAIN, ", ... to %" PRIu64, leak->sizes[leak->size_count - 1].size);
        putc('\n', ink->out);
}

static void print_processes(const struct ink *ink, const struct report *report, const struct report_leak *leak)
{
        if (report->process_count < 2 || !leak->process_count)
                return;
        if (leak->process_count > 1) {
                ink_print(ink, INK_PLAIN, "    in %zu processes: ", leak->process_count);
        } else {
                ink_print(ink, INK_PLAIN, "    in process ");
        }
        for (size_t i = 0; i < leak->process_count && i < 8; i++)
                ink_print(ink, INK_PLAIN, "%s%" PRId32, i ? ", " : "", leak->processes[i]);
        ink_print(ink, INK_PLAIN, leak->process_count > 8 ? ", ...\n" : "\n");
}

static void print_owners(const struct ink *ink, const struct report_leak *leak)
{
        if (!leak->owner_count)
                return;
        ink_print(ink, INK_PLAIN, "    held by %s ", leak->owner_count > 1 ? "leaks" : "leak");
        for (size_t i = 0; i < leak->owner_count && i < OWNERS_SHOWN; i++)
                ink_print(ink, INK_PLAIN, "%s%s", i ? ", " : "", leak->owners[i]);
        if (leak->owner_count > OWNERS_SHOWN)
                ink_print(ink, INK_PLAIN, " and %zu more", leak->owner_count - OWNERS_SHOWN);
        putc('\n', ink->out);
}

/* Why nobody looked, from what the report says of the leak's first process. */
static void print_unknown(const struct ink *ink, const struct report *report, const struct report_leak *leak)
{
        const char *why = "no snapshot could be taken before the process was gone";

        for (size_t i = 0; leak->process_count && i < report->incomplete_count; i++) {
                if (report->incomplete[i].process != leak->processes[0])
                        continue;
                why = report->incomplete[i].reason;
                break;
        }
        ink_print(ink, INK_PLAIN, "    why: ");
        ink_text(ink, INK_PLAIN, why, 0);
        putc('\n', ink->out);
}

static void print_growth(const struct ink *ink, const struct report_leak *leak)
{
        if (!leak->in_baseline || leak->status != LEAK_NEW)
                return;
        ink_print(ink, INK_YELLOW, "    known, and grown: ");
        ink_bytes(ink, INK_PLAIN, leak->baseline_bytes);
        ink_print(ink, INK_PLAIN, " in ");
        ink_count(ink, INK_PLAIN, leak->baseline_blocks, "block");
        ink_print(ink, INK_PLAIN, " in the baseline\n");
}

static void print_facts(const struct ink *ink, const struct report *report, const struct report_leak *leak)
{
        if (leak->type) {
                ink_print(ink, INK_PLAIN, "    type: ");
                ink_text(ink, INK_BOLD, leak->type, NAME_MOST);
                putc('\n', ink->out);
        } else if (leak->likely_type) {
                ink_print(ink, INK_PLAIN, "    type: likely ");
                ink_text(ink, INK_BOLD, leak->likely_type, NAME_MOST);
                putc('\n', ink->out);
        }
        print_growth(ink, leak);
        print_sizes(ink, leak);
        print_processes(ink, report, leak);
        print_owners(ink, leak);
        if (leak->weak_strength != STRENGTH_NONE) {
                ink_print(ink, INK_YELLOW, "    weak link: %s", strength_name(leak->weak_strength));
                if (leak->weak_why) {
                        ink_print(ink, INK_PLAIN, ": ");
                        ink_text(ink, INK_PLAIN, leak->weak_why, 0);
                }
                putc('\n', ink->out);
        }
        if (leak->kind == KIND_UNKNOWN)
                print_unknown(ink, report, leak);
}

void text_leak(const struct ink *ink, const struct report *report, const struct report_leak *leak, size_t number)
{
        print_headline(ink, leak, number);
        print_facts(ink, report, leak);
        print_stack(ink, leak);
        if (leak->cycle)
                text_cycle(ink, leak->cycle);
        putc('\n', ink->out);
}

/* ---- the whole ------------------------------------------------------------ */

static bool listed(const struct report_leak *leak, const struct format_options *options)
{
        return leak->status == LEAK_NEW && (options->kinds & 1u << leak->kind);
}

static void print_command(const struct ink *ink, const struct report *report)
{
        ink_print(ink, INK_BOLD, "weir:");
        for (size_t i = 0; i < report->command_count; i++) {
                putc(' ', ink->out);
                ink_text(ink, INK_BOLD, report->command[i], 200);
        }
        fputs("\n\n", ink->out);
}

static void print_leaks(const struct ink *ink, const struct report *report, const struct format_options *options)
{
        struct report_kind rest = { 0 };
        size_t shown = 0;

        for (size_t i = 0; i < report->leak_count; i++) {
                const struct report_leak *leak = &report->leaks[i];

                if (!listed(leak, options))
                        continue;
                if (!options->limit || shown < options->limit) {
                        text_leak(ink, report, leak, ++shown);
                        continue;
                }
                rest.groups++;
                rest.blocks += leak->blocks;
                rest.bytes += leak->bytes;
        }
        if (!rest.groups)
                return;
        ink_print(ink, INK_BOLD, "... and ");
        ink_number(ink, INK_BOLD, rest.groups);
        ink_print(ink, INK_BOLD, " more: ");
        ink_bytes(ink, INK_BOLD, rest.bytes);
        ink_print(ink, INK_BOLD, " in ");
        ink_count(ink, INK_BOLD, rest.blocks, "block");
        ink_print(ink, INK_PLAIN, " (see --limit; the JSON report lists all)\n\n");
}

void text_write(const struct report *report, const struct format_options *options, FILE *out)
{
        struct ink ink = { .out = out, .color = options->color };

        print_command(&ink, report);
        print_leaks(&ink, report, options);
        if (options->retained)
                text_retained(&ink, report, options->limit);
        text_summary(&ink, report);
        text_verdict(&ink, report);
}
