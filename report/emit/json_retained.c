/* The part of the JSON report that says what keeps the memory, out and in. */
#include "json_parts.h"

/* ---- out ---------------------------------------------------------------------- */

static void write_keeper(struct put *j, const struct report_keeper *keeper)
{
        put_text(j, "root", keeper->root);
        put_address(j, "address", keeper->address);
        put_number(j, "size", keeper->size);
        put_text(j, "type", keeper->type);
        put_text(j, "site", keeper->site);
}

static void write_weight(struct put *j, const struct report_weight *weight)
{
        put_number(j, "blocks", weight->blocks);
        put_number(j, "bytes", weight->bytes);
        put_number(j, "retained_blocks", weight->retained_blocks);
        put_number(j, "retained_bytes", weight->retained_bytes);
}

static void write_more(struct put *j, const char *key, uint64_t lines, uint64_t blocks, uint64_t bytes)
{
        put_object(j, key, PUT_INLINE);
        put_number(j, "lines", lines);
        put_number(j, "blocks", blocks);
        put_number(j, "bytes", bytes);
        put_end(j);
}

static void write_pair(struct put *j, const char *key, uint64_t blocks, uint64_t bytes)
{
        put_object(j, key, PUT_INLINE);
        put_number(j, "blocks", blocks);
        put_number(j, "bytes", bytes);
        put_end(j);
}

static void write_sites(struct put *j, const struct report_retained *r)
{
        put_array(j, "by_site", PUT_LINES);
        for (size_t i = 0; i < r->by_site_count; i++) {
                const struct report_sum *sum = &r->by_site[i];

                put_object(j, NULL, PUT_LINES);
                put_text(j, "site", sum->site);
                write_weight(j, &sum->weight);
                WRITE_LIST(j, "stack", PUT_LINES, sum->stack, sum->stack_count, json_write_frame);
                put_bool(j, "stack_truncated", sum->stack_truncated);
                put_end(j);
        }
        put_end(j);
        put_number(j, "by_site_total", r->by_site_total);
}

static void write_types(struct put *j, const struct report_retained *r)
{
        put_array(j, "by_type", PUT_LINES);
        for (size_t i = 0; i < r->by_type_count; i++) {
                put_object(j, NULL, PUT_INLINE);
                put_text(j, "type", r->by_type[i].type);
                write_weight(j, &r->by_type[i].weight);
                put_end(j);
        }
        put_end(j);
        put_number(j, "by_type_total", r->by_type_total);
}

static void write_tree(struct put *j, const struct report_retained *r)
{
        put_array(j, "tree", PUT_LINES);
        for (size_t i = 0; i < r->tree_count; i++) {
                const struct report_line *line = &r->tree[i];

                put_object(j, NULL, PUT_INLINE);
                put_number(j, "depth", line->depth);
                write_keeper(j, &line->what);
                put_number(j, "tops", line->tops);
                write_weight(j, &line->weight);
                put_text(j, "strength", line->strength == STRENGTH_NONE ? NULL : strength_name(line->strength));
                put_number(j, "offset", line->offset);
                put_text(j, "field", line->field);
                write_more(j, "more", line->more, line->more_blocks, line->more_bytes);
                put_end(j);
        }
        put_end(j);
        write_more(j, "tree_more", r->tree_more, r->tree_more_blocks, r->tree_more_bytes);
}

static void write_point(struct put *j, const struct report_point *point)
{
        put_object(j, NULL, PUT_LINES);
        put_object(j, "keeper", PUT_INLINE);
        write_keeper(j, &point->what);
        put_end(j);
        put_text(j, "type", point->type);
        put_text(j, "site", point->site);
        put_number(j, "tops", point->tops);
        write_weight(j, &point->weight);
        put_array(j, "held_by", PUT_LINES);
        for (size_t i = 0; i < point->held_by_count; i++) {
                put_object(j, NULL, PUT_INLINE);
                write_keeper(j, &point->held_by[i]);
                put_end(j);
        }
        put_end(j);
        put_number(j, "held_by_more", point->held_by_more);
        put_end(j);
}

static void write_points(struct put *j, const struct report_retained *r)
{
        put_array(j, "accumulation_points", PUT_LINES);
        for (size_t i = 0; i < r->point_count; i++)
                write_point(j, &r->points[i]);
        put_end(j);
        put_number(j, "accumulation_points_total", r->point_total);
}

static void write_top(struct put *j, const struct report_retained *r)
{
        put_array(j, "top_blocks", PUT_LINES);
        for (size_t i = 0; i < r->top_count; i++) {
                put_object(j, NULL, PUT_LINES);
                json_write_example(j, &r->top[i].example);
                put_text(j, "site", r->top[i].site);
                put_number(j, "retained_blocks", r->top[i].retained_blocks);
                put_number(j, "retained_bytes", r->top[i].retained_bytes);
                put_end(j);
        }
        put_end(j);
        put_number(j, "top_blocks_total", r->top_total);
}

static void write_cycles(struct put *j, const struct report_retained *r)
{
        put_array(j, "cycles", PUT_LINES);
        for (size_t i = 0; i < r->cycle_count; i++) {
                put_object(j, NULL, PUT_LINES);
                put_number(j, "count", r->cycles[i].count);
                put_number(j, "blocks", r->cycles[i].blocks);
                put_number(j, "bytes", r->cycles[i].bytes);
                json_write_cycle(j, r->cycles[i].cycle);
                put_end(j);
        }
        put_end(j);
        put_number(j, "cycles_total", r->cycle_total);
}

void json_write_retained(struct put *j, const struct report *report)
{
        if (!report->has_retained) {
                put_null(j, "retained");
                return;
        }
        put_array(j, "retained", PUT_LINES);
        for (size_t i = 0; i < report->retained_count; i++) {
                const struct report_retained *r = &report->retained[i];

                put_object(j, NULL, PUT_LINES);
                put_signed(j, "process", r->process);
                put_number(j, "blocks", r->blocks);
                put_number(j, "bytes", r->bytes);
                write_pair(j, "inherited", r->inherited_blocks, r->inherited_bytes);
                write_pair(j, "typed", r->typed_blocks, r->typed_bytes);
                write_sites(j, r);
                write_types(j, r);
                write_tree(j, r);
                write_points(j, r);
                write_top(j, r);
                write_cycles(j, r);
                put_end(j);
        }
        put_end(j);
}

/* ---- in ------------------------------------------------------------------------- */

#define COUNT(fields) (sizeof(fields) / sizeof(fields)[0])

/* FIELD(struct report_x, TAKE_U64, member): the key is the member's name. */
#define FIELD(of, type, member) { #member, type, offsetof(of, member), NULL, false }

/* The members of a keeper and of a weight that are `at` bytes into something. */
static int read_keeper_at(struct take *at, const json_t *element, void *object)
{
        static const struct take_field fields[] = {
                FIELD(struct report_keeper, TAKE_MAYBE_TEXT, root), FIELD(struct report_keeper, TAKE_ADDRESS, address),
                FIELD(struct report_keeper, TAKE_U64, size),        FIELD(struct report_keeper, TAKE_MAYBE_TEXT, type),
                FIELD(struct report_keeper, TAKE_MAYBE_TEXT, site),
        };

        return take_fields(at, element, fields, COUNT(fields), object);
}

static int read_weight(struct take *at, const json_t *element, struct report_weight *weight)
{
        static const struct take_field fields[] = {
                FIELD(struct report_weight, TAKE_U64, blocks),
                FIELD(struct report_weight, TAKE_U64, bytes),
                FIELD(struct report_weight, TAKE_U64, retained_blocks),
                FIELD(struct report_weight, TAKE_U64, retained_bytes),
        };

        return take_fields(at, element, fields, COUNT(fields), weight);
}

/* A member that is an object of up to three numbers. */
static int read_numbers(struct take *at, const json_t *object, const char *key, const struct take_field *fields,
                        size_t count, void *base)
{
        const json_t *value = take_member(at, object, key, JSON_OBJECT);
        size_t above;

        if (!value)
                return -1;
        above = take_down(at, key);
        if (take_fields(at, value, fields, count, base))
                return -1;
        take_up(at, above);
        return 0;
}

static int read_site(struct take *at, const json_t *element, void *object)
{
        static const struct take_field fields[] = {
                FIELD(struct report_sum, TAKE_MAYBE_TEXT, site),
                FIELD(struct report_sum, TAKE_BOOL, stack_truncated),
        };
        struct report_sum *sum = object;

        if (take_fields(at, element, fields, COUNT(fields), sum) || read_weight(at, element, &sum->weight))
                return -1;
        return take_list(at, element, "stack", sizeof *sum->stack, json_read_frame, &sum->stack, &sum->stack_count);
}

static int read_type(struct take *at, const json_t *element, void *object)
{
        static const struct take_field fields[] = { FIELD(struct report_sum, TAKE_MAYBE_TEXT, type) };
        struct report_sum *sum = object;

        return take_fields(at, element, fields, COUNT(fields), sum) || read_weight(at, element, &sum->weight) ? -1 : 0;
}

static int read_line(struct take *at, const json_t *element, void *object)
{
        static const char *const strengths[] = { "none",   "ambiguous", "unaligned", "end", "interior",
                                                 "tagged", "known",     "exact",     NULL };
        static const struct take_field fields[] = {
                FIELD(struct report_line, TAKE_U64, depth),
                FIELD(struct report_line, TAKE_U64, tops),
                { "strength", TAKE_ENUM, offsetof(struct report_line, strength), strengths, true },
                FIELD(struct report_line, TAKE_U64, offset),
                FIELD(struct report_line, TAKE_MAYBE_TEXT, field),
        };
        static const struct take_field more[] = {
                { "lines", TAKE_U64, offsetof(struct report_line, more), NULL, false },
                { "blocks", TAKE_U64, offsetof(struct report_line, more_blocks), NULL, false },
                { "bytes", TAKE_U64, offsetof(struct report_line, more_bytes), NULL, false },
        };
        struct report_line *line = object;

        if (take_fields(at, element, fields, COUNT(fields), line) || read_keeper_at(at, element, &line->what) ||
            read_weight(at, element, &line->weight))
                return -1;
        return read_numbers(at, element, "more", more, COUNT(more), line);
}

static int read_point(struct take *at, const json_t *element, void *object)
{
        static const struct take_field fields[] = {
                FIELD(struct report_point, TAKE_MAYBE_TEXT, type), FIELD(struct report_point, TAKE_MAYBE_TEXT, site),
                FIELD(struct report_point, TAKE_U64, tops),        FIELD(struct report_point, TAKE_U64, held_by_more),
        };
        struct report_point *point = object;
        const json_t *keeper = take_member(at, element, "keeper", JSON_OBJECT);
        size_t above;

        if (!keeper || take_fields(at, element, fields, COUNT(fields), point) ||
            read_weight(at, element, &point->weight))
                return -1;
        above = take_down(at, "keeper");
        if (read_keeper_at(at, keeper, &point->what))
                return -1;
        take_up(at, above);
        return take_list(at, element, "held_by", sizeof *point->held_by, read_keeper_at, &point->held_by,
                         &point->held_by_count);
}

static int read_top(struct take *at, const json_t *element, void *object)
{
        static const struct take_field fields[] = {
                FIELD(struct report_block, TAKE_MAYBE_TEXT, site),
                FIELD(struct report_block, TAKE_U64, retained_blocks),
                FIELD(struct report_block, TAKE_U64, retained_bytes),
        };
        struct report_block *block = object;

        return take_fields(at, element, fields, COUNT(fields), block) || json_read_example(at, element, &block->example)
                       ? -1
                       : 0;
}

static int read_live_cycle(struct take *at, const json_t *element, void *object)
{
        static const struct take_field fields[] = {
                FIELD(struct report_live_cycle, TAKE_U64, count),
                FIELD(struct report_live_cycle, TAKE_U64, blocks),
                FIELD(struct report_live_cycle, TAKE_U64, bytes),
        };
        struct report_live_cycle *cycle = object;

        if (take_fields(at, element, fields, COUNT(fields), cycle) || json_read_cycle(at, element, &cycle->cycle))
                return -1;
        return cycle->cycle ? 0 : take_expected(at, "a cycle", json_object_get(element, "cycle"));
}

static int read_lists(struct take *at, const json_t *element, struct report_retained *r)
{
        if (take_list(at, element, "by_site", sizeof *r->by_site, read_site, &r->by_site, &r->by_site_count) ||
            take_list(at, element, "by_type", sizeof *r->by_type, read_type, &r->by_type, &r->by_type_count) ||
            take_list(at, element, "tree", sizeof *r->tree, read_line, &r->tree, &r->tree_count) ||
            take_list(at, element, "accumulation_points", sizeof *r->points, read_point, &r->points, &r->point_count))
                return -1;
        if (take_list(at, element, "cycles", sizeof *r->cycles, read_live_cycle, &r->cycles, &r->cycle_count))
                return -1;
        return take_list(at, element, "top_blocks", sizeof *r->top, read_top, &r->top, &r->top_count);
}

static int read_retained(struct take *at, const json_t *element, void *object)
{
#define U64(key, member) { key, TAKE_U64, offsetof(struct report_retained, member), NULL, false }
        static const struct take_field fields[] = {
                FIELD(struct report_retained, TAKE_PID, process),
                U64("blocks", blocks),
                U64("bytes", bytes),
                U64("by_site_total", by_site_total),
                U64("by_type_total", by_type_total),
                U64("accumulation_points_total", point_total),
                U64("top_blocks_total", top_total),
                U64("cycles_total", cycle_total),
        };
        static const struct take_field more[] = { U64("lines", tree_more), U64("blocks", tree_more_blocks),
                                                  U64("bytes", tree_more_bytes) };
        static const struct take_field inherited[] = { U64("blocks", inherited_blocks), U64("bytes", inherited_bytes) };
        static const struct take_field typed[] = { U64("blocks", typed_blocks), U64("bytes", typed_bytes) };
#undef U64
        struct report_retained *r = object;

        if (take_fields(at, element, fields, COUNT(fields), r) ||
            read_numbers(at, element, "inherited", inherited, COUNT(inherited), r) ||
            read_numbers(at, element, "typed", typed, COUNT(typed), r) ||
            read_numbers(at, element, "tree_more", more, COUNT(more), r))
                return -1;
        return read_lists(at, element, r);
}

int json_read_retained(struct take *at, const json_t *root, struct report *report)
{
        const json_t *value = json_object_get(root, "retained");

        if (!value || json_is_null(value))
                return 0;
        report->has_retained = true;
        return take_list(at, root, "retained", sizeof *report->retained, read_retained, &report->retained,
                         &report->retained_count);
}
