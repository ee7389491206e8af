#include "twins.h"

#include "../mem.h"

#include <stdlib.h>
#include <string.h>

static const char *id_of(const struct report *report, size_t at)
{
        return report->leaks[at].id ? report->leaks[at].id : "";
}

static int compare(const void *left, const void *right, void *context)
{
        size_t a = *(const size_t *)left, b = *(const size_t *)right;
        int order = strcmp(id_of(context, a), id_of(context, b));

        return order ? order : (a > b) - (a < b);
}

struct twins twins_find(const struct report *report)
{
        struct twins twins = { .report = report, .order = mem_alloc(report->leak_count, sizeof *twins.order) };

        for (size_t i = 0; twins.order && i < report->leak_count; i++)
                twins.order[i] = i;
        if (twins.order)
                qsort_r(twins.order, report->leak_count, sizeof *twins.order, compare, (void *)report);
        return twins;
}

void twins_deinit(struct twins *twins)
{
        mem_free(twins->order);
        *twins = (struct twins){ 0 };
}

static size_t count_all(const struct report *report, size_t at)
{
        size_t count = 0;

        for (size_t i = 0; i < at; i++)
                count += !strcmp(id_of(report, i), id_of(report, at));
        return count;
}

size_t twins_before(const struct twins *twins, size_t at)
{
        size_t low = 0, high = twins->report->leak_count, count = 0;

        if (!twins->order)
                return count_all(twins->report, at);
        while (high - low > 1) {
                size_t middle = low + (high - low) / 2;

                if (compare(&twins->order[middle], &at, (void *)twins->report) <= 0)
                        low = middle;
                else
                        high = middle;
        }
        while (low - count && !strcmp(id_of(twins->report, twins->order[low - count - 1]), id_of(twins->report, at)))
                count++;
        return count;
}
