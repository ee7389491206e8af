#include "sorts.h"

/* Numbers of keys, in the order of appearance. */
struct numbers {
        struct table table; /* key -> number + 1 */
        uint32_t count;
};

static int number_of(struct numbers *numbers, uint64_t key, uint32_t *number)
{
        bool fresh;
        uint64_t *slot = table_put(&numbers->table, key, &fresh);

        if (!slot || numbers->count == SORT_NONE - 1)
                return -1;
        if (fresh)
                *slot = numbers->count++;
        *number = (uint32_t)*slot;
        return 0;
}

struct naming {
        struct numbers stacks, vtables, pairs, sites, types, sorts;
        uint32_t *site_of_stack, *type_of_pair; /* by number of the stack, of stack and vtable */
        size_t site_capacity, type_capacity;
};

static int site_of(struct naming *n, const struct keepers_options *options, uint32_t stack, uint32_t *site)
{
        uint32_t known = n->stacks.count, number;

        if (number_of(&n->stacks, stack, &number))
                return -1;
        if (number == known) {
                uint64_t key = options->site ? options->site(options->context, stack) : stack;

                if (mem_grow(&n->site_of_stack, &n->site_capacity, (size_t)number + 1, sizeof *n->site_of_stack) ||
                    number_of(&n->sites, key, &n->site_of_stack[number]))
                        return -1;
        }
        *site = n->site_of_stack[number];
        return 0;
}

static int type_of(struct naming *n, const struct keepers_options *options, uint32_t stack, uint64_t vtable,
                   uint32_t *type)
{
        uint32_t known = n->pairs.count, number, pair;

        if (number_of(&n->vtables, vtable, &number) || number_of(&n->pairs, (uint64_t)number << 32 | stack, &pair))
                return -1;
        if (pair == known) {
                uint64_t key = options->type ? options->type(options->context, stack, vtable) : vtable;

                if (mem_grow(&n->type_of_pair, &n->type_capacity, (size_t)pair + 1, sizeof *n->type_of_pair) ||
                    number_of(&n->types, key, &n->type_of_pair[pair]))
                        return -1;
        }
        *type = n->type_of_pair[pair];
        return 0;
}

static int sort_of(struct sorts *sorts, struct naming *n, const struct keepers_options *options, uint32_t stack,
                   uint64_t vtable, uint32_t *sort)
{
        struct sort *entry;
        uint32_t site, type, known = n->sorts.count;

        if (site_of(n, options, stack, &site) || type_of(n, options, stack, vtable, &type) ||
            number_of(&n->sorts, (uint64_t)site << 32 | type, sort))
                return -1;
        if (*sort < known)
                return 0;
        if (mem_grow(&sorts->list, &sorts->capacity, sorts->count + 1, sizeof *sorts->list))
                return -1;
        entry = &sorts->list[sorts->count++];
        *entry = (struct sort){ .site = site, .type = type };
        return 0;
}

int sorts_init(struct sorts *sorts, const struct graph *graph, const struct retained *retained,
               struct vtables *vtables, const struct keepers_options *options)
{
        const struct dominators *d = &retained->dominators;
        struct naming n = { 0 };
        uint64_t count = graph->snapshot->block_count;
        uint32_t type;
        int status;

        *sorts = (struct sorts){ 0 };
        sorts->of = mem_alloc(count, sizeof *sorts->of);
        status = sorts->of ? number_of(&n.types, 0, &type) : -1;
        for (uint64_t i = 0; !status && i < count; i++)
                sorts->of[i] = SORT_NONE;
        for (uint64_t i = 1; !status && i < d->reached; i++) {
                uint64_t id = ids_get(&d->order, i);

                if (id < count)
                        status = sort_of(sorts, &n, options, graph->snapshot->blocks[id].stack,
                                         vtable_of(vtables, graph->scan.first[id]), &sorts->of[id]);
        }
        sorts->sites = n.sites.count;
        sorts->types = n.types.count;
        table_free(&n.stacks.table);
        table_free(&n.sites.table);
        table_free(&n.vtables.table);
        table_free(&n.pairs.table);
        table_free(&n.types.table);
        table_free(&n.sorts.table);
        mem_free(n.site_of_stack);
        mem_free(n.type_of_pair);
        if (status)
                sorts_free(sorts);
        return status;
}

void sorts_free(struct sorts *sorts)
{
        mem_free(sorts->of);
        mem_free(sorts->list);
        *sorts = (struct sorts){ 0 };
}

bool sorts_before(const struct graph *graph, uint64_t a, uint64_t b)
{
        const struct block *x = &graph->snapshot->blocks[a], *y = &graph->snapshot->blocks[b];

        if (x->time_ns != y->time_ns)
                return x->time_ns < y->time_ns;
        if (x->thread != y->thread)
                return x->thread < y->thread;
        if (x->stack != y->stack)
                return x->stack < y->stack;
        if (x->size != y->size)
                return x->size < y->size;
        return a < b;
}
