/*
 * ranges.h: a set of addresses, as ranges.
 */
#ifndef WEIR_RANGES_H
#define WEIR_RANGES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct range {
        uint64_t start, end; /* [start, end) */
};

/* Fill with ranges_add, then ranges_sort once, then ask. */
struct ranges {
        struct range *list;
        size_t count, capacity;
};

/* Empty ranges are ignored.  0, or -1 without memory. */
int ranges_add(struct ranges *ranges, uint64_t start, uint64_t end);

/* Makes the list ascending, with overlapping and touching ranges joined. */
void ranges_sort(struct ranges *ranges);

/* The index of the first range that ends after the address, `count` when there
 * is none. */
size_t ranges_from(const struct ranges *ranges, uint64_t address);

bool ranges_has(const struct ranges *ranges, uint64_t address);

/* The first part of [start, end) that is not in the set; an empty range at
 * `end` when there is none. */
struct range ranges_gap(const struct ranges *ranges, uint64_t start, uint64_t end);

void ranges_deinit(struct ranges *ranges);

#endif
