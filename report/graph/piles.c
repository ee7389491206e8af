#include "piles.h"

#include <stdlib.h>

/* ---- blocks ---------------------------------------------------------------- */

/* The order in which blocks are examples: the first allocated; where times
 * are equal, whatever does not depend on addresses comes first. */
static bool block_before(const struct block *a, const struct block *b)
{
        if (a->time_ns != b->time_ns)
                return a->time_ns < b->time_ns;
        if (a->thread != b->thread)
                return a->thread < b->thread;
        if (a->stack != b->stack)
                return a->stack < b->stack;
        if (a->size != b->size)
                return a->size < b->size;
        return a->address < b->address;
}

static bool is_pile(const struct pile *pile, const struct group *like, uint32_t owners)
{
        const struct group *group = &pile->group;

        return group->kind == like->kind && group->stack == like->stack && group->vtable == like->vtable &&
               group->shape == like->shape && group->weak_strength == like->weak_strength && pile->owners == owners;
}

size_t piles_find(struct piles *p, const struct group *like, uint32_t owners)
{
        uint64_t key = hash_mix(hash_mix(like->kind, like->stack), hash_mix(like->vtable, like->shape));

        for (key = hash_mix(key, hash_mix(like->weak_strength, owners));; key++) {
                bool fresh;
                uint64_t *slot = table_put(&p->keys, key, &fresh);

                if (!slot)
                        return SIZE_MAX;
                if (!fresh && *slot < p->count && is_pile(&p->list[*slot], like, owners))
                        return *slot;
                if (!fresh)
                        continue;
                if (p->count >= UINT32_MAX / 2 || mem_grow(&p->list, &p->capacity, p->count + 1, sizeof *p->list))
                        return SIZE_MAX;
                *slot = p->count;
                p->list[p->count] = (struct pile){ .group = *like, .owners = owners };
                p->list[p->count].group.first_ns = UINT64_MAX;
                return p->count++;
        }
}

static int add_example(struct piles *p, struct pile *pile, uint64_t id)
{
        const struct block *blocks = p->blocks;
        size_t at = pile->example_count;

        if (!pile->examples) {
                pile->examples = arena_alloc(p->arena, p->examples, sizeof *pile->examples);
                if (!pile->examples)
                        return -1;
        }
        if (at == p->examples && (!at || !block_before(&blocks[id], &blocks[pile->examples[at - 1]])))
                return 0;
        if (at < p->examples)
                pile->example_count++;
        else
                at--;
        for (; at > 0 && block_before(&blocks[id], &blocks[pile->examples[at - 1]]); at--)
                pile->examples[at] = pile->examples[at - 1];
        pile->examples[at] = id;
        return 0;
}

int piles_add(struct piles *p, size_t index, uint64_t id)
{
        const struct block *block = &p->blocks[id];
        struct pile *pile = &p->list[index];
        struct group *group = &pile->group;

        group->blocks++;
        group->bytes += block->size;
        if (block->time_ns < group->first_ns)
                group->first_ns = block->time_ns;
        if (block->time_ns > group->last_ns)
                group->last_ns = block->time_ns;
        if (tally_add(&p->sizes, index, block->size, 0) || tally_add(&p->threads, index, block->thread, 0))
                return -1;
        return add_example(p, pile, id);
}

/* ---- order ----------------------------------------------------------------- */

static int compare_u64(uint64_t a, uint64_t b)
{
        return a < b ? -1 : a > b;
}

/* Greatest first; no addresses. */
static int compare_piles(const void *left, const void *right)
{
        const struct group *a = &((const struct pile *)left)->group, *b = &((const struct pile *)right)->group;
        int order = compare_u64(a->kind, b->kind);

        order = order ? order : compare_u64(b->exclusive_bytes, a->exclusive_bytes);
        order = order ? order : compare_u64(b->bytes, a->bytes);
        order = order ? order : compare_u64(b->blocks, a->blocks);
        order = order ? order : compare_u64(a->first_ns, b->first_ns);
        order = order ? order : compare_u64(a->stack, b->stack);
        order = order ? order : compare_u64(a->weak_strength, b->weak_strength);
        order = order ? order : compare_u64(a->shape, b->shape);
        return order ? order : compare_u64(((const struct pile *)left)->owners, ((const struct pile *)right)->owners);
}

static void renumber(struct tally *tally, const uint32_t *places)
{
        table_free(&tally->places);
        tally->last = SIZE_MAX;
        for (size_t i = 0; i < tally->count; i++)
                tally->entries[i].major = places[tally->entries[i].major];
}

int piles_order(struct piles *p, uint32_t **places)
{
        *places = mem_alloc(p->count, sizeof **places);
        if (!*places)
                return -1;
        for (size_t i = 0; i < p->count; i++)
                p->list[i].place = (uint32_t)i;
        if (p->count)
                qsort(p->list, p->count, sizeof *p->list, compare_piles);
        for (size_t i = 0; i < p->count; i++)
                (*places)[p->list[i].place] = (uint32_t)i;
        renumber(&p->sizes, *places);
        renumber(&p->threads, *places);
        table_free(&p->keys);
        return 0;
}

void piles_free(struct piles *p)
{
        mem_free(p->list);
        table_free(&p->keys);
        tally_free(&p->sizes);
        tally_free(&p->threads);
}
