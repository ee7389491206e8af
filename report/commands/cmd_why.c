#include "command.h"

#include "emit/kinds.h"
#include "emit/text.h"
#include "loading.h"
#include "policy/holding.h"
#include "shared.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
        DEPTH_DEFAULT = 6,
        LIMIT_DEFAULT = 60,
        ID_LEAST = 4, /* digits of an id that are enough where no other begins so */
};

struct why_options {
        struct shared_output output; /* color */
        struct option_size depth, limit;
};

#define WHY(member) offsetof(struct why_options, member)

static const struct option_spec specs[] = {
        { "depth", 0, OPTION_LIMIT, "N|all", "show N levels of what a block points at (6)", WHY(depth) },
        { "limit", 0, OPTION_LIMIT, "N|all", "and N lines of it, and N links of a path (60)", WHY(limit) },
        { "color", 0, OPTION_CHOICE, "auto|always|never", "colour the text", WHY(output.color) },
};

static const struct option_group groups[] = {
        { "Why", specs, sizeof specs / sizeof specs[0], 0 },
};

static int defaults(void *options, struct error *e)
{
        struct why_options *why_options = options;

        (void)e;
        why_options->depth.value = DEPTH_DEFAULT;
        why_options->limit.value = LIMIT_DEFAULT;
        return 0;
}

/* What was asked, and of what. */
struct why {
        struct ink ink;
        const char *file, *word;
        size_t depth, limit;
        bool is_address;
        uint64_t address;
        struct capture_file *capture; /* NULL: a JSON report */
        struct symbols *symbols, *own_symbols;
        struct report *report;
};

/* "0x..." is an address; hex digits are a leak's id, or its beginning. */
static int parse(struct why *why, struct error *e)
{
        size_t length = strlen(why->word);
        char *end;

        if (!strncmp(why->word, "0x", 2) || !strncmp(why->word, "0X", 2)) {
                errno = 0;
                why->address = strtoull(why->word + 2, &end, 16);
                why->is_address = true;
                if (length > 2 && !*end && !errno && strspn(why->word + 2, "0123456789abcdefABCDEF") == length - 2)
                        return 0;
        } else if (length >= ID_LEAST && length <= 16 && strspn(why->word, "0123456789abcdef") == length) {
                return 0;
        }
        return error_set(e, ERROR_USAGE, "'%.60s' is no address (0x7f...) and no leak's id (hex digits)", why->word);
}

/* ---- blocks and paths --------------------------------------------------------- */

static void print_block(const struct ink *ink, const struct holding_block *block)
{
        ink_print(ink, INK_BOLD, "0x%" PRIx64, block->address);
        ink_print(ink, INK_PLAIN, "  ");
        ink_bytes(ink, INK_PLAIN, block->size);
        if (block->type) {
                ink_print(ink, INK_PLAIN, "  ");
                ink_text(ink, INK_CYAN, block->type, 80);
        } else if (block->likely_type) {
                ink_print(ink, INK_DIM, "  likely ");
                ink_text(ink, INK_CYAN, block->likely_type, 80);
        }
        if (block->site) {
                ink_print(ink, INK_PLAIN, "  from ");
                ink_text(ink, INK_PLAIN, block->site, 100);
        }
        if (block->inherited)
                ink_print(ink, INK_DIM, "  inherited");
}

static void print_step(const struct ink *ink, const struct holding_step *step, unsigned depth)
{
        ink_pad(ink, 2 * (size_t)depth);
        ink_print(ink, INK_DIM, "+%" PRIu64 " ", step->offset);
        if (step->field) {
                ink_text(ink, INK_CYAN, step->field, 100);
                putc(' ', ink->out);
        }
        ink_print(ink, INK_DIM, "%s -> ", strength_name(step->strength));
        print_block(ink, &step->block);
        if (step->again)
                ink_print(ink, INK_DIM, "  (see above)");
        putc('\n', ink->out);
}

/* What is said of the block that a path without a root begins at. */
static const char *words_of_head(const struct holding *holding)
{
        if (holding->head.inherited)
                return "held by a block from before the fork";
        if (holding->block.kind == KIND_CYCLE)
                return "lost: nothing but the cycle that it belongs to holds it, on the way from";
        return holding->head.kind == KIND_CYCLE ? "lost, and held by the lost cycle at"
                                                : "lost, and held by the leak at";
}

static void print_path(const struct ink *ink, const struct holding *holding)
{
        if (holding->root) {
                ink_print(ink, INK_PLAIN, "held by\n  ");
                ink_text(ink, INK_GREEN, holding->root, 0);
                putc('\n', ink->out);
        } else if (holding->count) {
                ink_print(ink, INK_PLAIN, "%s\n  ", words_of_head(holding));
                print_block(ink, &holding->head);
                putc('\n', ink->out);
        } else if (holding->block.inherited) {
                ink_print(ink, INK_PLAIN,
                          "no root holds it here; it is from before the fork, and its parent's to release\n");
        } else if (holding->block.kind == KIND_CYCLE) {
                ink_print(ink, INK_PLAIN, "lost: nothing but the cycle that it belongs to holds it\n");
        } else {
                ink_print(ink, INK_PLAIN, "lost: nothing holds it\n");
        }
        for (size_t i = 0; i < holding->count; i++) {
                if (i == holding->count / 2 && holding->path_more)
                        ink_print(ink, INK_DIM, "    ... %zu more links (--limit) ...\n", holding->path_more);
                print_step(ink, &holding->path[i], 2);
        }
}

static void print_holding(const struct why *why, const struct process *process, const struct holding *holding)
{
        const struct ink *ink = &why->ink;

        print_block(ink, &holding->block);
        ink_print(ink, INK_PLAIN, "\n%s, in process %d", kind_name(holding->block.kind), process->pid);
        if (holding->into)
                ink_print(ink, INK_PLAIN, "; the address is %" PRIu64 " bytes into it", holding->into);
        ink_print(ink, INK_PLAIN, "\n");
        print_path(ink, holding);
        if (holding->tree_count)
                ink_print(ink, INK_PLAIN, "it points at\n");
        for (size_t i = 0; i < holding->tree_count; i++)
                print_step(ink, &holding->tree[i], holding->tree[i].depth);
        if (!holding->left_blocks)
                return;
        ink_print(ink, INK_DIM, "  ... and it leads to ");
        ink_count(ink, INK_DIM, holding->left_blocks, "more block");
        ink_print(ink, INK_DIM, ", ");
        ink_bytes(ink, INK_DIM, holding->left_bytes);
        ink_print(ink, INK_DIM, " (--depth, --limit)\n");
}

/* ---- captures ----------------------------------------------------------------- */

/* 1 when the process has such a block, 0 when not, -1. */
static int ask_process(const struct why *why, struct process *process, uint64_t address, struct error *e)
{
        struct capture_heap *heap = capture_file_heap(why->capture, process);
        struct holding_of of = { .memory = why->report, .symbols = why->symbols, .process = process };
        struct holding holding;
        struct graph graph;
        int found;

        if (!heap || !heap->taken)
                return 0;
        if (graph_analyse(&graph, &heap->snapshot, e))
                return -1;
        of.graph = &graph;
        of.depth = why->depth;
        of.limit = why->limit;
        found = holding_find(&of, address, &holding, e);
        if (capture_file_damaged(why->capture, e))
                found = -1;
        if (found == 1)
                print_holding(why, process, &holding);
        graph_release(&graph);
        return found;
}

/* Every process that has a block there; `pid` 0 = of any. */
static int ask_capture(const struct why *why, uint64_t address, int32_t pid, struct error *e)
{
        size_t found = 0;

        for (struct process *p = capture_file_run(why->capture)->processes; p; p = p->next) {
                int status = pid && p->pid != pid ? 0 : ask_process(why, p, address, e);

                if (status < 0)
                        return -1;
                found += (size_t)status;
        }
        if (!found)
                return error_set(e, ERROR_FAILED, "%s has no live block at 0x%" PRIx64, why->file, address);
        return 0;
}

/* ---- reports ------------------------------------------------------------------ */

static void print_references(const struct ink *ink, const char *title, const struct report_reference *list,
                             size_t count)
{
        if (count)
                ink_print(ink, INK_PLAIN, "    %s\n", title);
        for (size_t i = 0; i < count; i++) {
                ink_print(ink, INK_PLAIN, "      ");
                if (list[i].to) {
                        ink_print(ink, INK_DIM, "+%" PRIu64 " %s -> ", list[i].offset, strength_name(list[i].strength));
                        ink_text(ink, INK_BOLD, list[i].to, 0);
                } else {
                        ink_text(ink, INK_BOLD, list[i].from ? list[i].from : "?", 0);
                        ink_print(ink, INK_DIM, " +%" PRIu64 " %s", list[i].offset, strength_name(list[i].strength));
                }
                putc('\n', ink->out);
        }
}

static void print_example(const struct ink *ink, const struct report_example *example)
{
        ink_print(ink, INK_PLAIN, "  ");
        ink_print(ink, INK_BOLD, "0x%" PRIx64, example->address);
        ink_print(ink, INK_PLAIN, "  ");
        ink_bytes(ink, INK_PLAIN, example->size);
        ink_print(ink, INK_PLAIN, "  in process %d, ", example->process);
        ink_count(ink, INK_PLAIN, example->reference_count, "reference");
        putc('\n', ink->out);
        print_references(ink, "referenced by", example->referenced_by, example->referenced_by_count);
        print_references(ink, "points at", example->references, example->references_count);
}

/* The block of the report that contains the address, and its leak; or NULL. */
static const struct report_example *find_example(const struct report *report, uint64_t address,
                                                 const struct report_leak **leak)
{
        for (size_t i = 0; i < report->leak_count; i++) {
                *leak = &report->leaks[i];
                for (size_t x = 0; x < (*leak)->example_count; x++) {
                        const struct report_example *example = &(*leak)->examples[x];

                        if (address == example->address ||
                            (address > example->address && address - example->address < example->size))
                                return example;
                }
        }
        return NULL;
}

static int ask_report(const struct why *why, struct error *e)
{
        const struct report_leak *leak;
        const struct report_example *example = find_example(why->report, why->address, &leak);

        if (!example)
                return error_set(e, ERROR_FAILED,
                                 "%s is a report: it tells of a few blocks of each leak, and 0x%" PRIx64
                                 " is none of them; a capture knows all: weir run --capture FILE",
                                 why->file, why->address);
        text_leak(&why->ink, why->report, leak, 0);
        print_example(&why->ink, example);
        return 0;
}

/* ---- leaks -------------------------------------------------------------------- */

static int ask_one_leak(const struct why *why, const struct report_leak *leak, struct error *e)
{
        text_leak(&why->ink, why->report, leak, 0);
        if (leak->example_count)
                ink_print(&why->ink, INK_PLAIN, "for example\n");
        if (why->capture && leak->kind != KIND_UNKNOWN && leak->example_count)
                return ask_capture(why, leak->examples[0].address, leak->examples[0].process, e);
        for (size_t i = 0; i < leak->example_count; i++)
                print_example(&why->ink, &leak->examples[i]);
        return 0;
}

/* The word is the beginning of one id only; else the error lists them. */
static int check_ambiguous(const struct why *why, struct error *e)
{
        const char *first = NULL;
        char list[400] = "";
        size_t used = 0, others = 0;

        for (size_t i = 0; i < why->report->leak_count; i++) {
                const struct report_leak *leak = &why->report->leaks[i];

                if (strncmp(leak->id, why->word, strlen(why->word)) || (first && !strcmp(first, leak->id)) ||
                    strstr(list, leak->id))
                        continue;
                if (!first) {
                        first = leak->id;
                        continue;
                }
                others++;
                if (used + 20 < sizeof list)
                        used += (size_t)snprintf(list + used, sizeof list - used, ", %s", leak->id);
        }
        return others ? error_set(e, ERROR_USAGE, "'%s' is the beginning of %zu ids: %s%s%s", why->word, others + 1, first,
                                  list, used + 20 < sizeof list ? "" : ", ...")
                      : 0;
}

/* Leaks that only their owners tell apart have one id. */
static int ask_leak(const struct why *why, struct error *e)
{
        size_t found = 0;

        if (check_ambiguous(why, e))
                return -1;
        for (size_t i = 0; i < why->report->leak_count; i++) {
                const struct report_leak *leak = &why->report->leaks[i];

                if (strncmp(leak->id, why->word, strlen(why->word)))
                        continue;
                if (found++)
                        putc('\n', why->ink.out);
                if (ask_one_leak(why, leak, e))
                        return -1;
        }
        return found ? 0 : error_set(e, ERROR_FAILED, "%s has no leak %s", why->file, why->word);
}

/* ---- the command -------------------------------------------------------------- */

static int load(struct why *why, struct error *e)
{
        const uint32_t all = KINDS_ALL;

        if (!loading_is_capture(why->file)) {
                why->report = loading_report(why->file, all, false, e);
                return why->report ? 0 : -1;
        }
        why->capture = capture_file_open(why->file, e);
        if (!why->capture)
                return -1;
        why->symbols = loading_symbols(why->capture, &why->own_symbols, e);
        if (!why->symbols)
                return -1;
        if (why->is_address) /* no need to look at every heap */
                why->report = report_create();
        else
                why->report = loading_capture(why->capture, why->symbols, &(struct shared_output){ .kinds = all }, false,
                                              e);
        return why->report ? 0 : why->is_address ? error_no_memory(e, "looking for what holds a block") : -1;
}

static void why_deinit(struct why *why)
{
        report_destroy(why->report);
        symbols_destroy(why->own_symbols);
        if (why->capture)
                loading_forget(why->capture);
        capture_file_close(why->capture);
}

static int answer(const struct why *why, struct error *e)
{
        if (!why->is_address)
                return ask_leak(why, e);
        return why->capture ? ask_capture(why, why->address, 0, e) : ask_report(why, e);
}

static int run(void *options, int argc, char **argv, struct error *e)
{
        const struct why_options *why_options = options;
        struct why why = { .ink = { .out = stdout, .color = shared_color(&why_options->output, STDOUT_FILENO) } };
        int status;

        if (argc != 2)
                return error_set(e, ERROR_USAGE,
                                 "a file and what to explain are wanted: weir why [options] FILE ADDRESS|LEAK-ID");
        why.file = argv[0];
        why.word = argv[1];
        why.depth = (size_t)why_options->depth.value;
        why.limit = (size_t)why_options->limit.value;
        status = parse(&why, e) || load(&why, e) || answer(&why, e) ? -1 : 0;
        if (!status && (fflush(stdout) || ferror(stdout)))
                status = error_set_errno(e, ERROR_FAILED, errno, "cannot write standard output");
        why_deinit(&why);
        return status;
}

const struct command command_why = {
        .name = "why",
        .arguments = "FILE ADDRESS|LEAK-ID",
        .summary = "say what holds a block, or show a leak's tree or cycle",
        .description =
                "Of a capture (weir run --capture FILE): the path from a root to the block at\n"
                "ADDRESS (0x...), and what it points at; or a leak with one of its blocks.  A\n"
                "JSON report knows a few blocks of each leak.\n",
        .groups = groups,
        .group_count = sizeof groups / sizeof groups[0],
        .options_size = sizeof(struct why_options),
        .defaults = defaults,
        .run = run,
};
