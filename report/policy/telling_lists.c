/* What is told of sites, types, the tree of keepers and accumulation points. */
#include "telling.h"

#include "naming.h"

enum { HELD_BY = 8 }; /* told of what holds an accumulation point: both ends of a longer way */

/* ---- sums ------------------------------------------------------------------------ */

static struct report_weight weight_of(const struct keepers_sum *sum)
{
        return (struct report_weight){ sum->blocks, sum->bytes, sum->retained_blocks, sum->retained_bytes };
}

int telling_sites(const struct telling *t, struct report_retained *r)
{
        const struct keepers *k = t->keepers;

        r->by_site = report_array(t->memory, k->site_count, sizeof *r->by_site);
        r->by_site_count = k->site_count;
        r->by_site_total = k->sites_total;
        for (size_t i = 0; r->by_site && i < k->site_count; i++) {
                struct report_sum *sum = &r->by_site[i];
                struct named_stack stack;

                sum->weight = weight_of(&k->sites[i]);
                if (name_stack(t->memory, t->symbols, t->process, t->graph->snapshot->blocks[k->sites[i].first].stack,
                               &stack) ||
                    name_site(t->memory, &stack, &sum->site))
                        return -1;
                sum->stack = stack.frames;
                sum->stack_count = stack.count;
                sum->stack_truncated = stack.truncated;
        }
        return r->by_site ? 0 : -1;
}

int telling_types(const struct telling *t, struct report_retained *r)
{
        const struct keepers *k = t->keepers;

        r->by_type = report_array(t->memory, k->type_count, sizeof *r->by_type);
        r->by_type_count = k->type_count;
        r->by_type_total = k->types_total;
        for (size_t i = 0; r->by_type && i < k->type_count; i++) {
                r->by_type[i].weight = weight_of(&k->types[i]);
                if (telling_type(t, k->types[i].first, &r->by_type[i].type))
                        return -1;
        }
        return r->by_type ? 0 : -1;
}

/* ---- the tree -------------------------------------------------------------------- */

static int tell_line(const struct telling *t, const struct keepers_line *from, struct report_line *to)
{
        uint64_t vertex = from->holder == ID_NONE ? from->first : t->keepers->retained.first_holder + from->holder;

        to->depth = from->depth;
        to->tops = from->tops;
        to->weight = (struct report_weight){ from->blocks, from->bytes, from->retained_blocks, from->retained_bytes };
        to->more = from->more;
        to->more_blocks = from->more_blocks;
        to->more_bytes = from->more_bytes;
        if (from->from != ID_NONE) {
                to->strength = from->strength;
                to->offset = from->offset;
                if (telling_field(t, from->from, from->offset, &to->field))
                        return -1;
        }
        return telling_keeper(t, vertex, &to->what);
}

int telling_tree(const struct telling *t, struct report_retained *r)
{
        const struct keepers *k = t->keepers;

        r->tree = report_array(t->memory, k->line_count, sizeof *r->tree);
        r->tree_count = k->line_count;
        r->tree_more = k->more;
        r->tree_more_blocks = k->more_blocks;
        r->tree_more_bytes = k->more_bytes;
        for (size_t i = 0; r->tree && i < k->line_count; i++)
                if (tell_line(t, &k->lines[i], &r->tree[i]))
                        return -1;
        return r->tree ? 0 : -1;
}

/* ---- accumulation points ---------------------------------------------------------- */

/* What dominates the vertex, from the root down: the first steps and the
 * last. */
static int tell_way(const struct telling *t, uint64_t vertex, struct report_point *point)
{
        const struct retained *retained = &t->keepers->retained;
        uint64_t length = 0, at = 0;

        if (vertex == retained->root) {
                point->held_by = report_array(t->memory, 0, sizeof *point->held_by);
                return point->held_by ? 0 : -1;
        }
        for (uint64_t v = ids_get(&retained->dominators.idom, vertex); v != retained->root;
             v = ids_get(&retained->dominators.idom, v))
                length++;
        point->held_by_more = length > HELD_BY ? length - HELD_BY : 0;
        point->held_by_count = (size_t)(length - point->held_by_more);
        point->held_by = report_array(t->memory, point->held_by_count, sizeof *point->held_by);
        if (!point->held_by)
                return -1;
        for (uint64_t v = ids_get(&retained->dominators.idom, vertex); v != retained->root;
             v = ids_get(&retained->dominators.idom, v), at++) {
                /* `at` counts from the vertex upwards. */
                uint64_t place = length - 1 - at;

                if (place >= HELD_BY / 2 && point->held_by_more) {
                        if (place < HELD_BY / 2 + point->held_by_more)
                                continue;
                        place -= point->held_by_more;
                }
                if (telling_keeper(t, v, &point->held_by[place]))
                        return -1;
        }
        return 0;
}

int telling_points(const struct telling *t, struct report_retained *r)
{
        const struct keepers *k = t->keepers;

        r->points = report_array(t->memory, k->point_count, sizeof *r->points);
        r->point_count = k->point_count;
        r->point_total = k->points_total;
        for (size_t i = 0; r->points && i < k->point_count; i++) {
                const struct keepers_point *from = &k->points[i];
                struct report_point *to = &r->points[i];

                to->tops = from->tops;
                to->weight = (struct report_weight){ from->blocks, from->bytes, from->retained_blocks,
                                                     from->retained_bytes };
                if (telling_keeper(t, from->parent, &to->what) || telling_block(t, from->first, &to->type, &to->site) ||
                    tell_way(t, from->parent, to))
                        return -1;
        }
        return r->points ? 0 : -1;
}
