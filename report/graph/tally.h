/*
 * tally.h: counts by two keys, and then listed in order: blocks by group and
 * size, bytes by stack and type.
 */
#ifndef WEIR_GRAPH_TALLY_H
#define WEIR_GRAPH_TALLY_H

#include "table.h"

#include <stddef.h>

struct tally_entry {
        uint64_t major, minor, count, sum;
};

struct tally {
        struct tally_entry *entries; /* in order of appearance, until tally_sort */
        size_t count, capacity;
        struct table places;
        size_t last; /* the entry added to last */
};

/* Adds 1 to the count and `amount` to the sum of (major, minor); -1 without
 * memory. */
int tally_add(struct tally *tally, uint64_t major, uint64_t minor, uint64_t amount);

/* Orders the entries by major, then minor; nothing may be added after. */
void tally_sort(struct tally *tally);

/* Of a sorted tally the first entry with this major or a greater one. */
size_t tally_find(const struct tally *tally, uint64_t major);

void tally_free(struct tally *tally);

#endif
