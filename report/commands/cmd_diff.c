#include "command.h"

#include "emit/put.h"
#include "emit/text.h"
#include "loading.h"
#include "policy/baseline.h"
#include "shared.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

struct diff_options {
        struct shared_output output;
        int format; /* enum diff_format */
};

enum diff_format { DIFF_TEXT, DIFF_JSON };

#define OUTPUT(member) offsetof(struct diff_options, output.member)

static const struct option_spec specs[] = {
        { "kinds", 0, OPTION_KINDS, "KINDS", "compare these (not reachable,indirect), or all", OUTPUT(kinds) },
        { "format", 0, OPTION_CHOICE, "text|json", "for people, or for programs", offsetof(struct diff_options, format) },
        { "color", 0, OPTION_CHOICE, "auto|always|never", "colour the text", OUTPUT(color) },
};

static const struct option_group groups[] = {
        { "Diff", specs, sizeof specs / sizeof specs[0], 0 },
};

/* Two reports, their leaks by id, and what was found between them. */
struct diff {
        struct ink ink;
        uint32_t kinds;
        struct report *old_report, *new_report;
        struct baseline before, after;
        uint64_t new, gone, grown, shrunk, same;
};

static int defaults(void *options, struct error *e)
{
        struct diff_options *diff_options = options;

        (void)e;
        shared_output_defaults(&diff_options->output);
        return 0;
}

static bool is_compared(const struct diff *diff, enum kind kind)
{
        return diff->kinds & 1u << kind;
}

static void print_entry(const struct ink *ink, const struct baseline_entry *entry)
{
        ink_text(ink, INK_BOLD, entry->site ? entry->site : "??", 100);
        ink_print(ink, INK_DIM, "  [%s %s]", kind_name(entry->kind), entry->id);
        putc('\n', ink->out);
}

/* Every leak of the new report that the old one has not, as the text report
 * shows it. */
static void print_new(struct diff *diff)
{
        const struct report *report = diff->new_report;

        for (size_t i = 0; i < report->leak_count; i++) {
                const struct report_leak *leak = &report->leaks[i];

                if (leak->status == LEAK_SUPPRESSED || !is_compared(diff, leak->kind) ||
                    baseline_find(&diff->before, leak->id))
                        continue;
                ink_print(&diff->ink, INK_RED, "new: ");
                text_leak(&diff->ink, report, leak, 0);
                diff->new ++;
        }
}

static void print_change(const struct ink *ink, const struct baseline_entry *before, const struct baseline_entry *after,
                         bool grown)
{
        ink_print(ink, grown ? INK_RED : INK_GREEN, grown ? "grown: " : "shrunk: ");
        ink_bytes(ink, INK_PLAIN, before->bytes);
        ink_print(ink, INK_PLAIN, " in ");
        ink_count(ink, INK_PLAIN, before->blocks, "block");
        ink_print(ink, INK_PLAIN, " -> ");
        ink_bytes(ink, INK_PLAIN, after->bytes);
        ink_print(ink, INK_PLAIN, " in ");
        ink_count(ink, INK_PLAIN, after->blocks, "block");
        ink_print(ink, INK_PLAIN, "  ");
        print_entry(ink, after);
}

static void print_changed(struct diff *diff)
{
        for (size_t i = 0; i < diff->after.count; i++) {
                const struct baseline_entry *after = &diff->after.list[i];
                const struct baseline_entry *before = baseline_find(&diff->before, after->id);
                bool grown;

                if (!before || !is_compared(diff, after->kind))
                        continue;
                if (before->bytes == after->bytes && before->blocks == after->blocks) {
                        diff->same++;
                        continue;
                }
                grown = after->bytes > before->bytes || after->blocks > before->blocks;
                print_change(&diff->ink, before, after, grown);
                diff->grown += grown;
                diff->shrunk += !grown;
        }
}

static void print_gone(struct diff *diff)
{
        for (size_t i = 0; i < diff->before.count; i++) {
                const struct baseline_entry *before = &diff->before.list[i];

                if (!is_compared(diff, before->kind) || baseline_find(&diff->after, before->id))
                        continue;
                ink_print(&diff->ink, INK_GREEN, "gone: ");
                ink_bytes(&diff->ink, INK_PLAIN, before->bytes);
                ink_print(&diff->ink, INK_PLAIN, " in ");
                ink_count(&diff->ink, INK_PLAIN, before->blocks, "block");
                ink_print(&diff->ink, INK_PLAIN, "  ");
                print_entry(&diff->ink, before);
                diff->gone++;
        }
}

static void print_verdict(const struct diff *diff)
{
        const struct ink *ink = &diff->ink;

        ink_print(ink, INK_BOLD, "weir: ");
        ink_print(ink, diff->new ? INK_RED : INK_PLAIN, "%" PRIu64 " new", diff->new);
        ink_print(ink, diff->grown ? INK_RED : INK_PLAIN, ", %" PRIu64 " grown", diff->grown);
        ink_print(ink, INK_PLAIN, ", %" PRIu64 " shrunk, %" PRIu64 " gone, %" PRIu64 " the same", diff->shrunk,
                  diff->gone, diff->same);
        if (!diff->old_report->complete)
                ink_print(ink, INK_RED, "; the old report is INCOMPLETE");
        if (!diff->new_report->complete)
                ink_print(ink, INK_RED, "; the new report is INCOMPLETE");
        putc('\n', ink->out);
}

static void print(struct diff *diff)
{
        print_new(diff);
        print_changed(diff);
        print_gone(diff);
        print_verdict(diff);
}

/* ---- for programs --------------------------------------------------------------- */

static const char *change_of(const struct baseline_entry *before, const struct baseline_entry *after)
{
        if (!before || !after)
                return after ? "new" : "gone";
        if (before->bytes == after->bytes && before->blocks == after->blocks)
                return "same";
        return after->bytes > before->bytes || after->blocks > before->blocks ? "grown" : "shrunk";
}

static void write_amount(struct put *j, const char *key, const struct baseline_entry *entry)
{
        if (!entry) {
                put_null(j, key);
                return;
        }
        put_object(j, key, PUT_INLINE);
        put_number(j, "blocks", entry->blocks);
        put_number(j, "bytes", entry->bytes);
        put_end(j);
}

static void write_entry(struct put *j, const struct baseline_entry *before, const struct baseline_entry *after)
{
        const struct baseline_entry *either = after ? after : before;

        put_object(j, NULL, PUT_INLINE);
        put_text(j, "id", either->id);
        put_text(j, "change", change_of(before, after));
        put_text(j, "kind", kind_name(either->kind));
        put_text(j, "site", either->site);
        write_amount(j, "before", before);
        write_amount(j, "after", after);
        put_end(j);
}

static void write_side(struct put *j, const char *key, const char *file, const struct report *report)
{
        put_object(j, key, PUT_INLINE);
        put_text(j, "file", file);
        put_bool(j, "complete", report->complete);
        put_end(j);
}

/* Both lists are ascending by id: the leaks are told in that order. */
static void write_leaks(const struct diff *diff, struct put *j)
{
        const struct baseline *old = &diff->before, *new = &diff->after;
        size_t at = 0, to = 0;

        while (at < old->count || to < new->count) {
                const struct baseline_entry *before = at < old->count ? &old->list[at] : NULL;
                const struct baseline_entry *after = to < new->count ? &new->list[to] : NULL;
                int order = !before ? 1 : !after ? -1 : strcmp(before->id, after->id);

                before = order <= 0 ? before : NULL;
                after = order >= 0 ? after : NULL;
                at += before != NULL;
                to += after != NULL;
                if (is_compared(diff, (after ? after : before)->kind))
                        write_entry(j, before, after);
        }
}

static void write_json(const struct diff *diff, char **files)
{
        struct put j = put_to(stdout);

        put_object(&j, NULL, PUT_LINES);
        put_text(&j, "schema", "weir-diff/1");
        write_side(&j, "old", files[0], diff->old_report);
        write_side(&j, "new", files[1], diff->new_report);
        put_array(&j, "leaks", PUT_LINES);
        write_leaks(diff, &j);
        put_end(&j);
        put_end(&j);
}

/* ---- the command ------------------------------------------------------------------ */

static int load(struct diff *diff, char **files, struct error *e)
{
        diff->old_report = loading_report(files[0], diff->kinds, false, e);
        if (!diff->old_report)
                return -1;
        diff->new_report = loading_report(files[1], diff->kinds, false, e);
        if (!diff->new_report)
                return -1;
        if (baseline_of(&diff->before, diff->old_report, e))
                return -1;
        return baseline_of(&diff->after, diff->new_report, e);
}

static int run(void *options, int argc, char **argv, struct error *e)
{
        const struct diff_options *diff_options = options;
        struct diff diff = { .kinds = diff_options->output.kinds };
        int status = -1;

        if (argc != 2)
                return error_set(e, ERROR_USAGE, "two reports to compare are wanted: weir diff [options] OLD NEW");
        diff.ink = (struct ink){ .out = stdout, .color = shared_color(&diff_options->output, STDOUT_FILENO) };
        if (!load(&diff, argv, e)) {
                if (diff_options->format == DIFF_JSON)
                        write_json(&diff, argv);
                else
                        print(&diff);
                status = fflush(stdout) || ferror(stdout)
                                 ? error_set_errno(e, ERROR_FAILED, errno, "cannot write standard output")
                                 : 0;
        }
        baseline_deinit(&diff.before);
        baseline_deinit(&diff.after);
        report_destroy(diff.old_report);
        report_destroy(diff.new_report);
        return status;
}

const struct command command_diff = {
        .name = "diff",
        .arguments = "OLD NEW",
        .summary = "compare two stored reports: new, grown, shrunk and gone leaks",
        .description = "Compares the leaks of two reports or captures by their fingerprints, and prints\n"
                       "the new ones with their stacks.  To fail on them: weir gate --baseline OLD NEW.\n",
        .groups = groups,
        .group_count = sizeof groups / sizeof groups[0],
        .options_size = sizeof(struct diff_options),
        .defaults = defaults,
        .run = run,
};
