#include "ranges.h"

#include "../mem.h"

#include <stdlib.h>

int ranges_add(struct ranges *ranges, uint64_t start, uint64_t end)
{
        if (start >= end)
                return 0;
        if (mem_grow(&ranges->list, &ranges->capacity, ranges->count + 1, sizeof *ranges->list))
                return -1;
        ranges->list[ranges->count++] = (struct range){ start, end };
        return 0;
}

static int by_start(const void *a, const void *b)
{
        const struct range *left = a, *right = b;

        return (left->start > right->start) - (left->start < right->start);
}

void ranges_sort(struct ranges *ranges)
{
        size_t kept = 0;

        if (!ranges->count)
                return;
        qsort(ranges->list, ranges->count, sizeof *ranges->list, by_start);
        for (size_t i = 1; i < ranges->count; i++) {
                struct range *last = &ranges->list[kept];

                if (ranges->list[i].start > last->end)
                        ranges->list[++kept] = ranges->list[i];
                else if (ranges->list[i].end > last->end)
                        last->end = ranges->list[i].end;
        }
        ranges->count = kept + 1;
}

size_t ranges_from(const struct ranges *ranges, uint64_t address)
{
        size_t low = 0, high = ranges->count;

        while (low < high) {
                size_t middle = low + (high - low) / 2;

                if (ranges->list[middle].end <= address)
                        low = middle + 1;
                else
                        high = middle;
        }
        return low;
}

bool ranges_has(const struct ranges *ranges, uint64_t address)
{
        size_t i = ranges_from(ranges, address);

        return i < ranges->count && ranges->list[i].start <= address;
}

struct range ranges_gap(const struct ranges *ranges, uint64_t start, uint64_t end)
{
        size_t low = ranges_from(ranges, start);

        for (; low < ranges->count && ranges->list[low].start <= start; low++)
                start = ranges->list[low].end;
        if (start >= end)
                return (struct range){ end, end };
        if (low < ranges->count && ranges->list[low].start < end)
                end = ranges->list[low].start;
        return (struct range){ start, end };
}

void ranges_deinit(struct ranges *ranges)
{
        mem_free(ranges->list);
        *ranges = (struct ranges){ 0 };
}
