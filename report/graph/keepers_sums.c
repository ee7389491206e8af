/* What each site and each type has and keeps. */
#include "keepers_parts.h"

#include <stdlib.h>

struct summing {
        struct keeping *k;
        struct keepers_sum *sites, *types;
        uint32_t *site_depth, *type_depth; /* of each, how many of it are above the vertex at hand */
};

static void add_block(const struct summing *s, struct keepers_sum *sum, uint64_t id)
{
        const struct block *block = &s->k->graph->snapshot->blocks[id];

        if (!sum->blocks++ || sorts_before(s->k->graph, id, sum->first))
                sum->first = id;
        sum->bytes += block->size;
}

static void add_retained(const struct summing *s, struct keepers_sum *sum, uint64_t id)
{
        sum->retained_blocks += s->k->keepers->retained.blocks[id];
        sum->retained_bytes += s->k->keepers->retained.bytes[id];
}

static void enter(void *context, uint64_t vertex)
{
        const struct summing *s = context;
        uint32_t number = keeping_sort(s->k, vertex);
        const struct sort *sort;

        if (number == SORT_NONE)
                return;
        sort = &s->k->sorts.list[number];
        add_block(s, &s->sites[sort->site], vertex);
        add_block(s, &s->types[sort->type], vertex);
        if (!s->site_depth[sort->site]++)
                add_retained(s, &s->sites[sort->site], vertex);
        if (!s->type_depth[sort->type]++)
                add_retained(s, &s->types[sort->type], vertex);
}

static void leave(void *context, uint64_t vertex)
{
        const struct summing *s = context;
        uint32_t number = keeping_sort(s->k, vertex);

        if (number == SORT_NONE)
                return;
        s->site_depth[s->k->sorts.list[number].site]--;
        s->type_depth[s->k->sorts.list[number].type]--;
}

static int compare(const void *left, const void *right, void *context)
{
        const struct keepers_sum *a = left, *b = right;

        if (a->retained_bytes != b->retained_bytes)
                return a->retained_bytes > b->retained_bytes ? -1 : 1;
        if (a->bytes != b->bytes)
                return a->bytes > b->bytes ? -1 : 1;
        if (a->first == b->first)
                return 0;
        return sorts_before(((const struct keeping *)context)->graph, a->first, b->first) ? -1 : 1;
}

/* Orders the sums that have blocks and keeps the first. */
static int keep(struct keeping *k, struct keepers_sum *sums, size_t count, struct keepers_sum **list, size_t *told,
                uint64_t *total)
{
        size_t used = 0;

        for (size_t i = 0; i < count; i++)
                if (sums[i].blocks)
                        sums[used++] = sums[i];
        if (used)
                qsort_r(sums, used, sizeof *sums, compare, k);
        *total = used;
        *told = keeping_limit(k, used);
        *list = arena_alloc(&k->keepers->arena, *told, sizeof **list);
        if (!*list)
                return -1;
        for (size_t i = 0; i < *told; i++)
                (*list)[i] = sums[i];
        return 0;
}

static int sum_up(struct summing *s)
{
        struct keeping *k = s->k;
        struct keepers *keepers = k->keepers;
        const struct domtree_visitor visitor = { .enter = enter, .leave = leave, .context = s };

        if (!s->sites || !s->types || !s->site_depth || !s->type_depth ||
            domtree_walk(&k->tree, keepers->retained.root, &visitor))
                return -1;
        s->types[0].blocks = 0; /* no type */
        return keep(k, s->sites, k->sorts.sites, &keepers->sites, &keepers->site_count, &keepers->sites_total) ||
                               keep(k, s->types, k->sorts.types, &keepers->types, &keepers->type_count,
                                    &keepers->types_total)
                       ? -1
                       : 0;
}

int keepers_sums(struct keeping *k)
{
        struct summing s = { .k = k };
        int status;

        s.sites = mem_alloc(k->sorts.sites, sizeof *s.sites);
        s.types = mem_alloc(k->sorts.types, sizeof *s.types);
        s.site_depth = mem_alloc(k->sorts.sites, sizeof *s.site_depth);
        s.type_depth = mem_alloc(k->sorts.types, sizeof *s.type_depth);
        status = sum_up(&s);
        mem_free(s.sites);
        mem_free(s.types);
        mem_free(s.site_depth);
        mem_free(s.type_depth);
        return status;
}
