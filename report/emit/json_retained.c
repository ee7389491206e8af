/* The part of the JSON report that says what keeps the memory, out and in. */
#include "json_parts.h"

/* ---- out ---------------------------------------------------------------------- */

/* Of a keeper, whose object is the caller's. */
static void write_members(struct put *j, const struct report_keeper *keeper)
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

static void write_site(struct put *j, const void *item)
{
        const struct report_sum *sum = item;

        put_object(j, NULL, PUT_LINES);
        put_text(j, "site", sum->site);
        write_weight(j, &sum->weight);
        WRITE_LIST(j, "stack", PUT_LINES, sum->stack, sum->stack_count, json_write_frame);
        put_bool(j, "stack_truncated", sum->stack_truncated);
        put_end(j);
}

static void write_type(struct put *j, const void *item)
{
        const struct report_sum *sum = item;

        put_object(j, NULL, PUT_INLINE);
        put_text(j, "type", sum->type);
        write_weight(j, &sum->weight);
        put_end(j);
}

static void write_line(struct put *j, const void *item)
{
        const struct report_line *line = item;

        put_object(j, NULL, PUT_INLINE);
        put_number(j, "depth", line->depth);
        write_members(j, &line->what);
        put_number(j, "tops", line->tops);
        write_weight(j, &line->weight);
        put_text(j, "strength", line->strength == STRENGTH_NONE ? NULL : strength_name(line->strength));
        put_number(j, "offset", line->offset);
        put_text(j, "field", line->field);
        write_more(j, "more", line->more, line->more_blocks, line->more_bytes);
        put_end(j);
}

static void write_keeper(struct put *j, const void *item)
{
        put_object(j, NULL, PUT_INLINE);
        write_members(j, item);
        put_end(j);
}

static void write_point(struct put *j, const void *item)
{
        const struct report_point *point = item;

        put_object(j, NULL, PUT_LINES);
        put_object(j, "keeper", PUT_INLINE);
        write_members(j, &point->what);
        put_end(j);
        put_text(j, "type", point->type);
        put_text(j, "site", point->site);
        put_number(j, "tops", point->tops);
        write_weight(j, &point->weight);
        WRITE_LIST(j, "held_by", PUT_LINES, point->held_by, point->held_by_count, write_keeper);
        put_number(j, "held_by_more", point->held_by_more);
        put_end(j);
}

static void write_top(struct put *j, const void *item)
{
        const struct report_block *top = item;

        put_object(j, NULL, PUT_LINES);
        json_write_example(j, &top->example);
        put_text(j, "site", top->site);
        put_number(j, "retained_blocks", top->retained_blocks);
        put_number(j, "retained_bytes", top->retained_bytes);
        put_end(j);
}

static void write_live_cycle(struct put *j, const void *item)
{
        const struct report_live_cycle *cycle = item;

        put_object(j, NULL, PUT_LINES);
        put_number(j, "count", cycle->count);
        put_number(j, "blocks", cycle->blocks);
        put_number(j, "bytes", cycle->bytes);
        json_write_cycle(j, cycle->cycle);
        put_end(j);
}

static void write_retained(struct put *j, const void *item)
{
        const struct report_retained *r = item;

        put_object(j, NULL, PUT_LINES);
        put_signed(j, "process", r->process);
        put_number(j, "blocks", r->blocks);
        put_number(j, "bytes", r->bytes);
        write_pair(j, "inherited", r->inherited_blocks, r->inherited_bytes);
        write_pair(j, "typed", r->typed_blocks, r->typed_bytes);
        WRITE_LIST(j, "by_site", PUT_LINES, r->by_site, r->by_site_count, write_site);
        put_number(j, "by_site_total", r->by_site_total);
        WRITE_LIST(j, "by_type", PUT_LINES, r->by_type, r->by_type_count, write_type);
        put_number(j, "by_type_total", r->by_type_total);
        WRITE_LIST(j, "tree", PUT_LINES, r->tree, r->tree_count, write_line);
        write_more(j, "tree_more", r->tree_more, r->tree_more_blocks, r->tree_more_bytes);
        WRITE_LIST(j, "accumulation_points", PUT_LINES, r->points, r->point_count, write_point);
        put_number(j, "accumulation_points_total", r->point_total);
        WRITE_LIST(j, "top_blocks", PUT_LINES, r->top, r->top_count, write_top);
        put_number(j, "top_blocks_total", r->top_total);
        WRITE_LIST(j, "cycles", PUT_LINES, r->cycles, r->cycle_count, write_live_cycle);
        put_number(j, "cycles_total", r->cycle_total);
        put_end(j);
}

void json_write_retained(struct put *j, const struct report *report)
{
        if (!report->has_retained)
                put_null(j, "retained");
        else
                WRITE_LIST(j, "retained", PUT_LINES, report->retained, report->retained_count, write_retained);
}

/* ---- in ------------------------------------------------------------------------- */

/* The members of a keeper and of a weight that are `at` bytes into something. */
static int read_keeper_at(struct take *at, const json_t *element, void *object)
{
        static const struct take_field fields[] = {
                TAKE_FIELD(report_keeper, TAKE_MAYBE_TEXT, root), TAKE_FIELD(report_keeper, TAKE_ADDRESS, address),
                TAKE_FIELD(report_keeper, TAKE_U64, size),        TAKE_FIELD(report_keeper, TAKE_MAYBE_TEXT, type),
                TAKE_FIELD(report_keeper, TAKE_MAYBE_TEXT, site),
        };

        return take_fields(at, element, fields, TAKE_COUNT(fields), object);
}

static int read_weight(struct take *at, const json_t *element, struct report_weight *weight)
{
        static const struct take_field fields[] = {
                TAKE_FIELD(report_weight, TAKE_U64, blocks),
                TAKE_FIELD(report_weight, TAKE_U64, bytes),
                TAKE_FIELD(report_weight, TAKE_U64, retained_blocks),
                TAKE_FIELD(report_weight, TAKE_U64, retained_bytes),
        };

        return take_fields(at, element, fields, TAKE_COUNT(fields), weight);
}

static int read_site(struct take *at, const json_t *element, void *object)
{
        static const struct take_field fields[] = {
                TAKE_FIELD(report_sum, TAKE_MAYBE_TEXT, site),
                TAKE_FIELD(report_sum, TAKE_BOOL, stack_truncated),
        };
        struct report_sum *sum = object;

        if (take_fields(at, element, fields, TAKE_COUNT(fields), sum) || read_weight(at, element, &sum->weight))
                return -1;
        return take_list(at, element, "stack", sizeof *sum->stack, json_read_frame, &sum->stack, &sum->stack_count);
}

static int read_type(struct take *at, const json_t *element, void *object)
{
        static const struct take_field fields[] = { TAKE_FIELD(report_sum, TAKE_MAYBE_TEXT, type) };
        struct report_sum *sum = object;

        return take_fields(at, element, fields, TAKE_COUNT(fields), sum) || read_weight(at, element, &sum->weight) ? -1
                                                                                                                   : 0;
}

static int read_line(struct take *at, const json_t *element, void *object)
{
        static const struct take_field fields[] = {
                TAKE_FIELD(report_line, TAKE_U64, depth),
                TAKE_FIELD(report_line, TAKE_U64, tops),
                { "strength", TAKE_ENUM, offsetof(struct report_line, strength), strength_names, true },
                TAKE_FIELD(report_line, TAKE_U64, offset),
                TAKE_FIELD(report_line, TAKE_MAYBE_TEXT, field),
        };
        static const struct take_field more[] = {
                TAKE_AS("lines", report_line, TAKE_U64, more),
                TAKE_AS("blocks", report_line, TAKE_U64, more_blocks),
                TAKE_AS("bytes", report_line, TAKE_U64, more_bytes),
        };
        struct report_line *line = object;

        if (take_fields(at, element, fields, TAKE_COUNT(fields), line) || read_keeper_at(at, element, &line->what) ||
            read_weight(at, element, &line->weight))
                return -1;
        return take_object(at, element, "more", more, TAKE_COUNT(more), line);
}

static int read_point(struct take *at, const json_t *element, void *object)
{
        static const struct take_field fields[] = {
                TAKE_FIELD(report_point, TAKE_MAYBE_TEXT, type),
                TAKE_FIELD(report_point, TAKE_MAYBE_TEXT, site),
                TAKE_FIELD(report_point, TAKE_U64, tops),
                TAKE_FIELD(report_point, TAKE_U64, held_by_more),
        };
        struct report_point *point = object;
        const json_t *keeper = take_member(at, element, "keeper", JSON_OBJECT);
        size_t above;

        if (!keeper || take_fields(at, element, fields, TAKE_COUNT(fields), point) ||
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
                TAKE_FIELD(report_block, TAKE_MAYBE_TEXT, site),
                TAKE_FIELD(report_block, TAKE_U64, retained_blocks),
                TAKE_FIELD(report_block, TAKE_U64, retained_bytes),
        };
        struct report_block *block = object;

        return take_fields(at, element, fields, TAKE_COUNT(fields), block) ||
                               json_read_example(at, element, &block->example)
                       ? -1
                       : 0;
}

static int read_live_cycle(struct take *at, const json_t *element, void *object)
{
        static const struct take_field fields[] = {
                TAKE_FIELD(report_live_cycle, TAKE_U64, count),
                TAKE_FIELD(report_live_cycle, TAKE_U64, blocks),
                TAKE_FIELD(report_live_cycle, TAKE_U64, bytes),
        };
        struct report_live_cycle *cycle = object;

        if (take_fields(at, element, fields, TAKE_COUNT(fields), cycle) || json_read_cycle(at, element, &cycle->cycle))
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
        static const struct take_field fields[] = {
                TAKE_FIELD(report_retained, TAKE_PID, process),
                TAKE_FIELD(report_retained, TAKE_U64, blocks),
                TAKE_FIELD(report_retained, TAKE_U64, bytes),
                TAKE_FIELD(report_retained, TAKE_U64, by_site_total),
                TAKE_FIELD(report_retained, TAKE_U64, by_type_total),
                TAKE_AS("accumulation_points_total", report_retained, TAKE_U64, point_total),
                TAKE_AS("top_blocks_total", report_retained, TAKE_U64, top_total),
                TAKE_AS("cycles_total", report_retained, TAKE_U64, cycle_total),
        };
        static const struct take_field more[] = { TAKE_AS("lines", report_retained, TAKE_U64, tree_more),
                                                  TAKE_AS("blocks", report_retained, TAKE_U64, tree_more_blocks),
                                                  TAKE_AS("bytes", report_retained, TAKE_U64, tree_more_bytes) };
        static const struct take_field inherited[] = { TAKE_AS("blocks", report_retained, TAKE_U64, inherited_blocks),
                                                       TAKE_AS("bytes", report_retained, TAKE_U64, inherited_bytes) };
        static const struct take_field typed[] = { TAKE_AS("blocks", report_retained, TAKE_U64, typed_blocks),
                                                   TAKE_AS("bytes", report_retained, TAKE_U64, typed_bytes) };
        struct report_retained *r = object;

        if (take_fields(at, element, fields, TAKE_COUNT(fields), r) ||
            take_object(at, element, "inherited", inherited, TAKE_COUNT(inherited), r) ||
            take_object(at, element, "typed", typed, TAKE_COUNT(typed), r) ||
            take_object(at, element, "tree_more", more, TAKE_COUNT(more), r))
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
