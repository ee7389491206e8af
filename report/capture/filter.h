/*
 * filter.h: leaves out of memory, and of registers, what the graph does not
 * ask for: the program's data.
 *
 * Kept as they are:
 *     words, at any byte, that lead to a block (see targets.h), tagged or not:
 *     the edges, and what becomes one when blocks are told apart better
 *     aligned words that lead to read-only data of a module (vtables)
 *     among the first eight words of a block those up to its size (array
 *     cookies, lengths, capacities)
 *     after the address of a block the length and capacity that make it a
 *     string's or a deque's (graph/tails.h)
 * Of everything else only this is left: a zero word stays zero; where a kept
 * word may be part of a text, its surroundings keep their shape, with an 'x'
 * for each character, as do the characters of a short string in its own place;
 * all other bytes become 0xff.
 */
#ifndef WEIR_FILTER_H
#define WEIR_FILTER_H

#include "ranges.h"
#include "snapshot.h"
#include "targets.h"

/* Bytes that must be there before and after those that are filtered. */
enum { FILTER_MARGIN = 1024 };

struct filter {
        const struct snapshot *snapshot;
        struct targets blocks;
        struct ranges tables;
};

/* 0, or -1 without memory. */
int filter_init(struct filter *filter, const struct snapshot *snapshot);
void filter_deinit(struct filter *filter);

/* Filters bytes[0..size), which the process has at `address`, a multiple of
 * eight as is `size`.  bytes[-FILTER_MARGIN..size + FILTER_MARGIN) are what is
 * around them, unfiltered; zeroes where nothing is.  `classes` is room for so
 * many bytes.  Several threads may filter at once. */
void filter_bytes(const struct filter *filter, uint64_t address, uint8_t *bytes, size_t size, uint8_t *classes);

/* A register's word. */
uint64_t filter_word(const struct filter *filter, uint64_t word);

#endif
