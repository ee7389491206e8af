/* Accumulation points. */
#include "keepers_parts.h"

#include <stdlib.h>

struct finding_points {
        struct keeping *k;
        uint64_t *blocks, *bytes; /* of each block with those of its sort that it alone keeps, in one chain */
        struct table kids;        /* sort -> index in `fresh` */
        struct keepers_point *fresh; /* of the vertex at hand */
        size_t fresh_count, fresh_capacity;
        struct keepers_point *list;
        size_t count, capacity;
};

/* From the bottom up: what a block says of its sort goes to the block of the
 * same sort that keeps it. */
static void chain_up(struct finding_points *f)
{
        const struct dominators *d = &f->k->keepers->retained.dominators;

        for (uint64_t i = d->reached; i-- > 1;) {
                uint64_t id = ids_get(&d->order, i), parent = ids_get(&d->idom, id);

                if (id >= f->k->blocks)
                        continue;
                f->blocks[id]++;
                f->bytes[id] += f->k->graph->snapshot->blocks[id].size;
                if (keeping_sort(f->k, parent) != keeping_sort(f->k, id))
                        continue;
                f->blocks[parent] += f->blocks[id];
                f->bytes[parent] += f->bytes[id];
        }
}

static int add_kid(struct finding_points *f, uint64_t parent, uint64_t id)
{
        const struct retained *r = &f->k->keepers->retained;
        struct keepers_point *point;
        bool is_new;
        uint64_t *slot = table_put(&f->kids, keeping_sort(f->k, id), &is_new);

        if (!slot)
                return -1;
        if (is_new) {
                if (mem_grow(&f->fresh, &f->fresh_capacity, f->fresh_count + 1, sizeof *f->fresh))
                        return -1;
                *slot = f->fresh_count;
                f->fresh[f->fresh_count++] = (struct keepers_point){ .parent = parent, .first = id };
        }
        point = &f->fresh[*slot];
        point->tops++;
        point->blocks += f->blocks[id];
        point->bytes += f->bytes[id];
        point->retained_blocks += r->blocks[id];
        point->retained_bytes += r->bytes[id];
        if (sorts_before(f->k->graph, id, point->first))
                point->first = id;
        return 0;
}

static int add_point(struct finding_points *f, const struct keepers_point *point)
{
        if (mem_grow(&f->list, &f->capacity, f->count + 1, sizeof *f->list))
                return -1;
        f->list[f->count++] = *point;
        return 0;
}

/* What hangs from the virtual root hangs from several holders: each is a
 * structure of its own. */
static int look_at_top(struct finding_points *f)
{
        const struct retained *r = &f->k->keepers->retained;
        uint64_t count = domtree_count(&f->k->tree, r->root);
        int status = 0;

        for (uint64_t i = 0; i < count && !status; i++) {
                uint64_t id = domtree_child(&f->k->tree, r->root, i);
                const struct keepers_point point = { .parent = r->root,
                                                     .first = id,
                                                     .tops = 1,
                                                     .blocks = id < f->k->blocks ? f->blocks[id] : 0,
                                                     .bytes = id < f->k->blocks ? f->bytes[id] : 0,
                                                     .retained_blocks = r->blocks[id],
                                                     .retained_bytes = r->bytes[id] };

                if (point.blocks >= KEEPERS_POINT)
                        status = add_point(f, &point);
        }
        return status;
}

/* What alone keeps few blocks in all keeps few of one sort. */
static int look_below(struct finding_points *f, uint64_t vertex)
{
        uint64_t count = domtree_count(&f->k->tree, vertex);
        uint32_t sort = keeping_sort(f->k, vertex);

        if (f->k->keepers->retained.blocks[vertex] < KEEPERS_POINT)
                return 0;
        f->fresh_count = 0;
        for (uint64_t i = 0; i < count; i++) {
                uint64_t child = domtree_child(&f->k->tree, vertex, i);

                if (child < f->k->blocks && keeping_sort(f->k, child) != sort && add_kid(f, vertex, child))
                        return -1;
        }
        table_free(&f->kids);
        for (size_t i = 0; i < f->fresh_count; i++) {
                if (f->fresh[i].blocks >= KEEPERS_POINT && add_point(f, &f->fresh[i]))
                        return -1;
        }
        return 0;
}

static int compare(const void *left, const void *right, void *context)
{
        const struct keepers_point *a = left, *b = right;

        if (a->retained_bytes != b->retained_bytes)
                return a->retained_bytes > b->retained_bytes ? -1 : 1;
        if (a->blocks != b->blocks)
                return a->blocks > b->blocks ? -1 : 1;
        if (a->first == b->first)
                return 0;
        return sorts_before(((const struct keeping *)context)->graph, a->first, b->first) ? -1 : 1;
}

static int keep(struct finding_points *f)
{
        struct keepers *keepers = f->k->keepers;
        size_t told = keeping_limit(f->k, f->count);

        if (f->count)
                qsort_r(f->list, f->count, sizeof *f->list, compare, f->k);
        keepers->points_total = f->count;
        keepers->points = arena_alloc(&keepers->arena, told, sizeof *keepers->points);
        if (!keepers->points)
                return -1;
        for (size_t i = 0; i < told; i++)
                keepers->points[i] = f->list[i];
        keepers->point_count = told;
        return 0;
}

int keepers_points(struct keeping *k)
{
        const struct dominators *d = &k->keepers->retained.dominators;
        struct finding_points f = { .k = k };
        int status = -1;

        f.blocks = mem_alloc(k->blocks, sizeof *f.blocks);
        f.bytes = mem_alloc(k->blocks, sizeof *f.bytes);
        if (f.blocks && f.bytes) {
                chain_up(&f);
                status = look_at_top(&f);
        }
        for (uint64_t i = 1; !status && i < d->reached; i++)
                status = look_below(&f, ids_get(&d->order, i));
        if (!status)
                status = keep(&f);
        mem_free(f.blocks);
        mem_free(f.bytes);
        mem_free(f.list);
        mem_free(f.fresh);
        table_free(&f.kids);
        return status;
}
