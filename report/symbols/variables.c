#include "variables.h"

#include "../mem.h"

#include <stdlib.h>

int variables_add(struct variables *variables, const struct variable *variable)
{
        struct variable *last = variables->count ? &variables->list[variables->count - 1] : NULL;

        if (last && last->start == variable->start) {
                if (variable->extent > last->extent)
                        last->extent = variable->extent;
                return 0;
        }
        if (mem_grow(&variables->list, &variables->capacity, variables->count + 1, sizeof *variables->list))
                return -1;
        variables->list[variables->count++] = *variable;
        variables->sorted = false;
        return 0;
}

static int compare(const void *left, const void *right)
{
        const struct variable *a = left, *b = right;

        if (a->start != b->start)
                return a->start < b->start ? -1 : 1;
        return a->extent < b->extent ? 1 : a->extent > b->extent ? -1 : 0;
}

void variables_sort(struct variables *variables)
{
        size_t kept = 0;

        if (variables->sorted)
                return;
        if (variables->count)
                qsort(variables->list, variables->count, sizeof *variables->list, compare);
        for (size_t i = 0; i < variables->count; i++)
                if (!kept || variables->list[kept - 1].start != variables->list[i].start)
                        variables->list[kept++] = variables->list[i];
        variables->count = kept;
        variables->sorted = true;
}

const struct variable *variables_find(struct variables *variables, uint64_t address)
{
        size_t low = 0, high;

        variables_sort(variables);
        for (high = variables->count; low < high;) {
                size_t middle = low + (high - low) / 2;

                if (variables->list[middle].start <= address)
                        low = middle + 1;
                else
                        high = middle;
        }
        if (!low || address - variables->list[low - 1].start >= variables->list[low - 1].extent)
                return NULL;
        return &variables->list[low - 1];
}
