/* What keeps the memory, for a person. */
#include "text.h"

#include "frames.h"

#include <inttypes.h>
#include <string.h>

enum {
        TEXT_MOST = 90,
        SIZE_COLUMNS = 11,
        REFERENCES_SHOWN = 4,
        INDENT_MOST = 24, /* columns that depth may take */
        CALLERS_SHOWN = 2,
};

/* ---- columns -------------------------------------------------------------------- */

/* "3.4 MiB", in SIZE_COLUMNS columns. */
static void print_size(const struct ink *ink, enum ink_style style, uint64_t bytes)
{
        static const char *const units[] = { "KiB", "MiB", "GiB", "TiB", "PiB", "EiB" };
        double value = (double)bytes / 1024;
        size_t unit = 0;
        char text[32];

        if (bytes < 10240) {
                (void)snprintf(text, sizeof text, "%" PRIu64 " B", bytes);
        } else {
                for (; value >= 1023.95 && unit + 1 < sizeof units / sizeof *units; unit++)
                        value /= 1024;
                (void)snprintf(text, sizeof text, "%.1f %s", value, units[unit]);
        }
        ink_print(ink, style, "%*s", SIZE_COLUMNS, text);
}

static void print_share(const struct ink *ink, uint64_t bytes, uint64_t of)
{
        ink_print(ink, INK_DIM, " %5.1f%%", of ? 100.0 * (double)bytes / (double)of : 0.0);
}

static void print_count(const struct ink *ink, uint64_t count)
{
        ink_print(ink, INK_PLAIN, " %9" PRIu64 " ", count);
}

static void print_head(const struct ink *ink, const char *own, const char *what)
{
        ink_print(ink, INK_DIM, "%*s  share    blocks  ", SIZE_COLUMNS, "keeps");
        if (own)
                ink_print(ink, INK_DIM, "%*s  ", SIZE_COLUMNS, own);
        ink_print(ink, INK_DIM, "%s\n", what);
}

static void print_more(const struct ink *ink, uint64_t total, size_t told, const char *what)
{
        if (total > told)
                ink_print(ink, INK_DIM, "%*s ... and %" PRIu64 " more %s%s (--limit)\n", SIZE_COLUMNS, "", total - told,
                          what, total - told == 1 ? "" : "s");
}

static size_t at_most(size_t count, size_t limit)
{
        return limit && limit < count ? limit : count;
}

/* ---- names ------------------------------------------------------------------------ */

/* A root, its module by its file's name alone. */
static void print_root(const struct ink *ink, const char *root)
{
        static const char global[] = "global ";

        if (strncmp(root, global, sizeof global - 1)) {
                ink_text(ink, INK_GREEN, root, TEXT_MOST);
                return;
        }
        ink_print(ink, INK_GREEN, "%s", global);
        root += sizeof global - 1;
        /* The module's path ends where the variable's parenthesis or "+0x" begins. */
        for (const char *at = root; *at && *at != ' '; at++)
                if (*at == '/')
                        root = at + 1;
        ink_text(ink, INK_GREEN, root, TEXT_MOST);
}

/* "function (file:line)" or "module+0x12", without directories. */
static void print_site(const struct ink *ink, const char *site)
{
        const char *place = NULL;

        for (const char *at = strstr(site, " ("); at; at = strstr(at + 1, " ("))
                place = at;
        if (place && place[2] != '/' && !strchr(place, '/'))
                place = NULL;
        if (place) {
                char function[400];

                (void)snprintf(function, sizeof function, "%.*s", (int)(place - site), site);
                ink_text(ink, INK_PLAIN, function, TEXT_MOST);
                ink_print(ink, INK_PLAIN, " (");
                ink_text(ink, INK_PLAIN, path_base(place + 2), TEXT_MOST);
        } else {
                ink_text(ink, INK_PLAIN, *site == '/' ? path_base(site) : site, TEXT_MOST);
        }
}

static void print_kind(const struct ink *ink, const char *type, const char *site)
{
        if (type)
                ink_text(ink, INK_CYAN, type, TEXT_MOST);
        if (type && site)
                ink_print(ink, INK_PLAIN, "  from ");
        if (site)
                print_site(ink, site);
        if (!type && !site)
                ink_print(ink, INK_PLAIN, "(no stack was recorded)");
}

static void print_keeper(const struct ink *ink, const struct report_keeper *keeper)
{
        if (keeper->root) {
                print_root(ink, keeper->root);
                return;
        }
        ink_print(ink, INK_BOLD, "%#" PRIx64, keeper->address);
        ink_print(ink, INK_PLAIN, " [");
        ink_number(ink, INK_PLAIN, keeper->size);
        ink_print(ink, INK_PLAIN, "] ");
        print_kind(ink, keeper->type, keeper->site);
}

/* ---- sites and types ---------------------------------------------------------------- */

/* The callers of the site: by which way its memory was asked for. */
static void print_callers(const struct ink *ink, const struct report_sum *sum)
{
        const struct report_frame *site = frames_site(sum->stack, sum->stack_count);
        size_t own = frames_without_runtime(sum->stack, sum->stack_count), shown = 0;

        for (size_t i = site ? (size_t)(site - sum->stack) + 1 : 0; i < own && shown < CALLERS_SHOWN; i++) {
                if (!sum->stack[i].function)
                        continue;
                ink_print(ink, INK_DIM, " < ");
                ink_text(ink, INK_DIM, sum->stack[i].function, 40);
                shown++;
        }
}

static void print_sum(const struct ink *ink, const struct report_retained *r, const struct report_sum *sum)
{
        print_size(ink, INK_BOLD, sum->weight.retained_bytes);
        print_share(ink, sum->weight.retained_bytes, r->bytes);
        print_count(ink, sum->weight.blocks);
        ink_print(ink, INK_PLAIN, " ");
        print_size(ink, INK_PLAIN, sum->weight.bytes);
        ink_print(ink, INK_PLAIN, "  ");
        print_kind(ink, sum->type, sum->type ? NULL : sum->site);
        print_callers(ink, sum);
        putc('\n', ink->out);
}

static void print_sums(const struct ink *ink, const struct report_retained *r, size_t limit)
{
        ink_print(ink, INK_BOLD, "\nby site\n");
        print_head(ink, "own", "site, and what called it");
        for (size_t i = 0; i < at_most(r->by_site_count, limit); i++)
                print_sum(ink, r, &r->by_site[i]);
        print_more(ink, r->by_site_total, at_most(r->by_site_count, limit), "site");
        if (!r->by_type_count)
                return;
        ink_print(ink, INK_BOLD, "\nby type");
        ink_print(ink, INK_DIM, " (known of %" PRIu64 " of %" PRIu64 " blocks)\n", r->typed_blocks, r->blocks);
        print_head(ink, "own", "type");
        for (size_t i = 0; i < at_most(r->by_type_count, limit); i++)
                print_sum(ink, r, &r->by_type[i]);
        print_more(ink, r->by_type_total, at_most(r->by_type_count, limit), "type");
}

/* ---- the tree ----------------------------------------------------------------------- */

static void pad_depth(const struct ink *ink, uint64_t depth)
{
        if (2 * depth <= INDENT_MOST)
                ink_pad(ink, 2 * (size_t)depth);
        else
                ink_print(ink, INK_DIM, "%*" PRIu64 "> ", INDENT_MOST - 2, depth);
}

static void print_more_lines(const struct ink *ink, const struct report_retained *r, uint64_t depth, uint64_t lines,
                             uint64_t blocks, uint64_t bytes)
{
        if (!lines)
                return;
        print_size(ink, INK_DIM, bytes);
        print_share(ink, bytes, r->bytes);
        ink_print(ink, INK_DIM, " %9" PRIu64 "  ", blocks);
        pad_depth(ink, depth);
        ink_print(ink, INK_DIM, "... %" PRIu64 " more\n", lines);
}

static void print_blocks(const struct ink *ink, const struct report_line *line)
{
        if (line->strength != STRENGTH_NONE) {
                ink_print(ink, INK_DIM, "+%" PRIu64, line->offset);
                if (line->field) {
                        putc(' ', ink->out);
                        ink_text(ink, INK_DIM, line->field, TEXT_MOST);
                }
                ink_print(ink, INK_DIM, " -> ");
        }
        if (line->weight.blocks > 1) {
                ink_number(ink, INK_BOLD, line->weight.blocks);
                ink_print(ink, INK_BOLD, " x ");
        }
        if (line->weight.blocks == 1) {
                print_keeper(ink, &line->what);
                return;
        }
        print_kind(ink, line->what.type, line->what.site);
        ink_print(ink, INK_DIM, ", ");
        ink_bytes(ink, INK_DIM, line->weight.bytes);
        if (line->tops == 1)
                ink_print(ink, INK_DIM, " in one chain or tree");
}

static void print_line(const struct ink *ink, const struct report_retained *r, const struct report_line *line)
{
        print_size(ink, line->depth ? INK_PLAIN : INK_BOLD, line->weight.retained_bytes);
        print_share(ink, line->weight.retained_bytes, r->bytes);
        print_count(ink, line->weight.retained_blocks);
        ink_print(ink, INK_PLAIN, " ");
        pad_depth(ink, line->depth);
        if (line->what.root) {
                print_root(ink, line->what.root);
        } else {
                if (!line->depth)
                        ink_print(ink, INK_GREEN, "several roots: ");
                print_blocks(ink, line);
        }
        putc('\n', ink->out);
}

/* What lines leave out that end with line `index`: it, and those above it that
 * have nothing more below. */
static void print_ends(const struct ink *ink, const struct report_retained *r, size_t index)
{
        uint64_t next = index + 1 < r->tree_count ? r->tree[index + 1].depth : 0;
        uint64_t depth = r->tree[index].depth + 1;

        for (size_t i = index + 1; i-- > 0 && depth > next;) {
                const struct report_line *line = &r->tree[i];

                if (line->depth >= depth)
                        continue;
                depth = line->depth;
                if (depth >= next)
                        print_more_lines(ink, r, depth + 1, line->more, line->more_blocks, line->more_bytes);
        }
}

/* The tree was cut to the limit when it was made. */
static void print_tree(const struct ink *ink, const struct report_retained *r)
{
        ink_print(ink, INK_BOLD, "\nfrom the roots down\n");
        print_head(ink, NULL, "what holds it, and below that what it alone keeps");
        for (size_t i = 0; i < r->tree_count; i++) {
                print_line(ink, r, &r->tree[i]);
                print_ends(ink, r, i);
        }
        print_more_lines(ink, r, 0, r->tree_more, r->tree_more_blocks, r->tree_more_bytes);
}

/* ---- accumulation points -------------------------------------------------------------- */

static void print_way(const struct ink *ink, const struct report_point *point)
{
        if (!point->held_by_count)
                return;
        ink_print(ink, INK_PLAIN, "      held by ");
        for (size_t i = 0; i < point->held_by_count; i++) {
                if (i)
                        ink_print(ink, INK_DIM, " -> ");
                if (i == point->held_by_count / 2 && point->held_by_more)
                        ink_print(ink, INK_DIM, "... %" PRIu64 " more ... -> ", point->held_by_more);
                print_keeper(ink, &point->held_by[i]);
        }
        putc('\n', ink->out);
}

static void print_point(const struct ink *ink, const struct report_point *point)
{
        ink_print(ink, INK_PLAIN, "  ");
        ink_number(ink, INK_BOLD, point->weight.blocks);
        ink_print(ink, INK_BOLD, " blocks, ");
        ink_bytes(ink, INK_BOLD, point->weight.bytes);
        if (point->weight.retained_bytes > point->weight.bytes) {
                ink_print(ink, INK_PLAIN, ", with what they alone keep ");
                ink_bytes(ink, INK_PLAIN, point->weight.retained_bytes);
        }
        ink_print(ink, INK_PLAIN, ": ");
        print_kind(ink, point->type, point->site);
        ink_print(ink, INK_PLAIN, point->tops == 1 ? "\n      one chain or tree, in " : "\n      in ");
        print_keeper(ink, &point->what);
        putc('\n', ink->out);
        print_way(ink, point);
}

static void print_points(const struct ink *ink, const struct report_retained *r, size_t limit)
{
        size_t count = at_most(r->point_count, limit);

        if (!count)
                return;
        ink_print(ink, INK_BOLD, "\nwhere blocks of one sort pile up\n");
        for (size_t i = 0; i < count; i++)
                print_point(ink, &r->points[i]);
        print_more(ink, r->point_total, count, "place");
}

/* ---- blocks --------------------------------------------------------------------------- */

static void print_referrers(const struct ink *ink, const struct report_example *example)
{
        size_t count = at_most(example->referenced_by_count, REFERENCES_SHOWN);

        ink_count(ink, INK_PLAIN, example->reference_count, "reference");
        for (size_t i = 0; i < count; i++) {
                const struct report_reference *reference = &example->referenced_by[i];

                ink_print(ink, INK_PLAIN, i ? ", " : ": ");
                print_root(ink, reference->from);
                if (!strncmp(reference->from, "0x", 2))
                        ink_print(ink, INK_DIM, " +%" PRIu64, reference->offset);
        }
        if (example->referenced_by_count > count)
                ink_print(ink, INK_DIM, ", ...");
        putc('\n', ink->out);
}

static void print_top(const struct ink *ink, const struct report_retained *r, size_t limit)
{
        size_t count = at_most(r->top_count, limit);

        ink_print(ink, INK_BOLD, "\nthe blocks that keep most\n");
        print_head(ink, NULL, "block");
        for (size_t i = 0; i < count; i++) {
                const struct report_block *block = &r->top[i];
                const struct report_keeper what = { .address = block->example.address,
                                                    .size = block->example.size,
                                                    .type = block->example.type,
                                                    .site = block->site };

                print_size(ink, INK_BOLD, block->retained_bytes);
                print_share(ink, block->retained_bytes, r->bytes);
                print_count(ink, block->retained_blocks);
                ink_print(ink, INK_PLAIN, " ");
                print_keeper(ink, &what);
                ink_print(ink, INK_PLAIN, "\n%*s", SIZE_COLUMNS + 21, "");
                print_referrers(ink, &block->example);
        }
        print_more(ink, r->top_total, count, "block");
}

/* ---- cycles --------------------------------------------------------------------------- */

static void print_cycles(const struct ink *ink, const struct report_retained *r, size_t limit)
{
        size_t count = at_most(r->cycle_count, limit);

        if (!count)
                return;
        ink_print(ink, INK_BOLD, "\ncycles in use\n");
        for (size_t i = 0; i < count; i++) {
                const struct report_live_cycle *cycle = &r->cycles[i];

                ink_print(ink, INK_PLAIN, "  ");
                ink_bytes(ink, INK_BOLD, cycle->bytes);
                ink_print(ink, INK_BOLD, " in ");
                ink_count(ink, INK_BOLD, cycle->blocks, "block");
                if (cycle->count > 1)
                        ink_print(ink, INK_PLAIN, ", %" PRIu64 " times over", cycle->count);
                putc('\n', ink->out);
                text_cycle(ink, cycle->cycle);
        }
        print_more(ink, r->cycle_total, count, "cycle");
}

/* ---- the whole -------------------------------------------------------------------------- */

static const struct report_process *process_of(const struct report *report, int32_t pid)
{
        for (size_t i = 0; i < report->process_count; i++)
                if (report->processes[i].pid == pid)
                        return &report->processes[i];
        return NULL;
}

static void print_process(const struct ink *ink, const struct report *report, const struct report_retained *r)
{
        const struct report_process *process = process_of(report, r->process);

        ink_print(ink, INK_BOLD, "in use: ");
        ink_bytes(ink, INK_BOLD, r->bytes);
        ink_print(ink, INK_BOLD, " in ");
        ink_count(ink, INK_BOLD, r->blocks, "block");
        if (r->inherited_blocks) {
                ink_print(ink, INK_PLAIN, ", of it from before the fork ");
                ink_bytes(ink, INK_PLAIN, r->inherited_bytes);
        }
        ink_print(ink, INK_PLAIN, ", process %" PRId32, r->process);
        if (process && process->exe) {
                ink_print(ink, INK_PLAIN, " ");
                ink_text(ink, INK_PLAIN, path_base(process->exe), 0);
        }
        putc('\n', ink->out);
}

void text_retained(const struct ink *ink, const struct report *report, size_t limit)
{
        for (size_t i = 0; i < report->retained_count; i++) {
                const struct report_retained *r = &report->retained[i];

                print_process(ink, report, r);
                if (r->blocks) {
                        print_tree(ink, r);
                        print_points(ink, r, limit);
                        print_sums(ink, r, limit);
                        print_top(ink, r, limit);
                        print_cycles(ink, r, limit);
                }
                putc('\n', ink->out);
        }
        if (report->has_retained && !report->retained_count)
                ink_print(ink, INK_YELLOW, "what keeps the memory is not known: no heap could be looked at\n\n");
}
