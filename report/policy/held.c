#include "held.h"

#include <string.h>

enum { HELD_AS_SEVERAL = 1 }; /* no address of a text */

void held_deinit(struct held *held)
{
        table_free(&held->types);
}

static int note(struct held *held, uint64_t address, const char *type)
{
        bool fresh;
        uint64_t *slot = table_put(&held->types, address, &fresh);

        if (!slot)
                return -1;
        if (fresh)
                *slot = (uint64_t)(uintptr_t)type;
        else if (*slot != HELD_AS_SEVERAL && strcmp((const char *)(uintptr_t)*slot, type))
                *slot = HELD_AS_SEVERAL;
        return 0;
}

/* The word at `offset` of `holder` is the address of a block of `size` bytes. */
static int learn(struct held *held, struct typing *typing, const struct finding_block *holder, uint64_t offset,
                 uint64_t address, uint64_t size)
{
        const char *type;

        if (!holder->stack)
                return 0;
        if (typing_pointed(typing, holder, offset, size, &type))
                return -1;
        return type ? note(held, address, type) : 0;
}

/* Likewise, of a global or static variable. */
static int learn_global(struct held *held, struct typing *typing, const struct finding_place *word, uint64_t address,
                        const struct finding_block *block)
{
        const char *known, *type;

        if (typing_block(typing, block, &known) || (!known && typing_likely(typing, block, &known)))
                return -1;
        if (known)
                return 0;
        if (typing_global(typing, word, block->size, &type))
                return -1;
        return type ? note(held, address, type) : 0;
}

static int learn_example(struct held *held, struct typing *typing, const struct finding_example *example)
{
        for (size_t i = 0; i < example->referenced_by_count; i++) {
                const struct finding_reference *by = &example->referenced_by[i];

                if (by->strength != STRENGTH_EXACT)
                        continue;
                if (by->global.module && !by->from && example->reference_count == example->referenced_by_count &&
                    learn_global(held, typing, &by->global, example->address, &example->block))
                        return -1;
                if (learn(held, typing, &by->other, by->offset, example->address, example->block.size))
                        return -1;
        }
        for (size_t i = 0; i < example->references_count; i++) {
                const struct finding_reference *to = &example->references[i];

                if (to->strength == STRENGTH_EXACT &&
                    learn(held, typing, &example->block, to->offset, to->to, to->other.size))
                        return -1;
        }
        return 0;
}

static int learn_cycle(struct held *held, struct typing *typing, const struct finding_cycle *cycle)
{
        for (size_t i = 0; i + 1 < cycle->path_count; i++) {
                const struct finding_step *step = &cycle->path[i];

                if (step->held &&
                    learn(held, typing, &step->block, step->offset, step->held, cycle->path[i + 1].block.size))
                        return -1;
        }
        return 0;
}

int held_learn(struct held *held, struct typing *typing, const struct findings *findings)
{
        table_free(&held->types);
        for (size_t i = 0; i < findings->count; i++) {
                const struct finding *finding = &findings->list[i];

                if (finding->cycle && learn_cycle(held, typing, finding->cycle))
                        return -1;
                for (size_t k = 0; k < finding->example_count; k++)
                        if (learn_example(held, typing, &finding->examples[k]))
                                return -1;
        }
        return 0;
}

const char *held_type(const struct held *held, uint64_t address)
{
        const uint64_t *slot = table_get(&held->types, address);

        return slot && *slot != HELD_AS_SEVERAL ? (const char *)(uintptr_t)*slot : NULL;
}

void held_path(const struct held *held, const struct finding_step *from, size_t count, struct report_step *to)
{
        for (size_t i = 1; i < count; i++)
                if (!to[i].type && !to[i].likely_type && from[i - 1].held)
                        to[i].likely_type = held_type(held, from[i - 1].held);
}

void held_leak(const struct finding *from, struct report_leak *leak)
{
        const char *first = leak->example_count ? leak->examples[0].likely_type : NULL;

        if (leak->type || leak->likely_type || from->size_count != 1)
                return;
        for (size_t i = 0; first && i < leak->example_count; i++)
                if (!leak->examples[i].likely_type || strcmp(leak->examples[i].likely_type, first))
                        return;
        leak->likely_type = first;
}
