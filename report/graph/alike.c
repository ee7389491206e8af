#include "alike.h"

#include "counted.h"
#include "sorts.h"

#include <stdlib.h>

#define KEY_SITE (1ull << 63) /* no address of a vtable has these bits */
#define KEY_SIZE (1ull << 62)

struct fields {
        const struct inner *inner;
        struct alike *a;
        bool by_size;
        struct table owners; /* what blocks have in common -> a number */
        struct table words;  /* that number and the word -> field */
        size_t capacity;
};

static int owner_of(struct fields *f, uint32_t vertex, uint64_t *owner)
{
        const struct graph *g = f->inner->graph;
        const struct block *block = inner_block(f->inner, vertex);
        uint64_t key = vtable_of(f->inner->vtables, g->scan.first[inner_id(f->inner, vertex)]), *slot;
        bool fresh;

        if (!key)
                key = f->by_size ? KEY_SIZE | block->size : KEY_SITE | block->stack;
        slot = table_put(&f->owners, key, &fresh);
        if (!slot)
                return -1;
        if (fresh)
                *slot = f->owners.count;
        *owner = *slot;
        return 0;
}

static uint64_t word_key(uint64_t owner, uint64_t word)
{
        return owner << 21 | word; /* a word is at most EDGE_WORD_FAR */
}

/* The field of a word of blocks of that owner, and whether it is new. */
static int field_of(struct fields *f, uint64_t owner, uint64_t word, uint32_t *field, bool *fresh)
{
        uint64_t *slot = table_put(&f->words, word_key(owner, word), fresh);

        if (!slot)
                return -1;
        if (*fresh) {
                if (mem_grow(&f->a->size, &f->capacity, (size_t)f->a->count + 1, sizeof *f->a->size))
                        return -1;
                f->a->size[f->a->count] = 0;
                *slot = f->a->count++;
        }
        *field = (uint32_t)*slot;
        return 0;
}

/* A new field takes the number of the shared pointer's other half. */
static int join_halves(struct fields *f, uint64_t owner, uint32_t vertex, uint32_t edge, uint32_t *field)
{
        struct group_step step = inner_step(f->inner, vertex, edge);
        uint64_t word = edge_word(inner_edge(f->inner, edge)), *slot;
        uint64_t other = step.member == step.offset ? word + 1 : word - 1;
        const uint64_t *half;

        if (!step.counted)
                return 0;
        half = table_get(&f->words, word_key(owner, other));
        if (!half)
                return 0;
        *field = (uint32_t)*half;
        slot = table_put(&f->words, word_key(owner, word), NULL);
        if (!slot)
                return -1;
        *slot = *field;
        return 0;
}

static int add_block(struct fields *f, uint32_t vertex)
{
        const struct digraph *d = &f->inner->d;
        uint64_t owner;

        if (owner_of(f, vertex, &owner))
                return -1;
        for (uint32_t e = d->row[vertex]; e < d->row[vertex + 1]; e++) {
                uint32_t *field = &f->a->of[e];
                bool fresh;

                if (field_of(f, owner, edge_word(inner_edge(f->inner, e)), field, &fresh) ||
                    (fresh && join_halves(f, owner, vertex, e, field)))
                        return -1;
                f->a->size[*field]++;
        }
        return 0;
}

/* Of each field the edge that comes first. */
struct first {
        const struct inner *inner;
        uint32_t field, vertex, edge;
};

static int compare_first(const void *left, const void *right)
{
        const struct first *a = left, *b = right;

        if (a->edge == CUT_NONE || b->edge == CUT_NONE)
                return (a->edge == CUT_NONE) - (b->edge == CUT_NONE);
        if (a->vertex == b->vertex)
                return a->edge < b->edge ? -1 : a->edge > b->edge;
        return inner_before(a->inner, a->vertex, b->vertex) ? -1 : 1;
}

static void find_first(struct first *list, const struct alike *a, const struct inner *inner)
{
        for (uint32_t i = 0; i < a->count; i++)
                list[i] = (struct first){ .inner = inner, .field = i, .edge = CUT_NONE };
        for (uint32_t v = 0; v < inner->d.count; v++) {
                for (uint32_t e = inner->d.row[v]; e < inner->d.row[v + 1]; e++) {
                        struct first *first = &list[a->of[e]];

                        if (first->edge == CUT_NONE || (first->vertex != v && inner_before(inner, v, first->vertex))) {
                                first->vertex = v;
                                first->edge = e;
                        }
                }
        }
}

static int rank(struct alike *a, const struct inner *inner)
{
        struct first *list = mem_alloc(a->count, sizeof *list);

        a->rank = mem_alloc(a->count, sizeof *a->rank);
        if (list && a->rank) {
                find_first(list, a, inner);
                qsort(list, a->count, sizeof *list, compare_first);
                for (uint32_t i = 0; i < a->count; i++)
                        a->rank[list[i].field] = i;
        }
        mem_free(list);
        return list && a->rank ? 0 : -1;
}

int alike_find(struct alike *a, const struct inner *inner, bool by_size)
{
        struct fields f = { .inner = inner, .a = a, .by_size = by_size };
        int status;

        *a = (struct alike){ .of = mem_alloc(inner->d.edge_count, sizeof *a->of) };
        status = a->of ? 0 : -1;
        for (uint32_t i = 0; i < inner->d.count && !status; i++)
                status = add_block(&f, i);
        table_free(&f.owners);
        table_free(&f.words);
        if (!status)
                status = rank(a, inner);
        if (status)
                alike_free(a);
        return status;
}

void alike_free(struct alike *a)
{
        mem_free(a->of);
        mem_free(a->size);
        mem_free(a->rank);
        *a = (struct alike){ 0 };
}
