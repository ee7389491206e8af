/*
 * twins.h: leaks of one report that have the same fingerprint, for readers who
 * want keys that differ.
 */
#ifndef WEIR_TWINS_H
#define WEIR_TWINS_H

#include "report.h"

#include <stddef.h>

struct twins {
        const struct report *report;
        size_t *order; /* of leaks by fingerprint, then place; NULL without memory: slower, the same answers */
};

struct twins twins_find(const struct report *report);
void twins_deinit(struct twins *twins);

/* How many of the leaks before leaks[at] have its fingerprint. */
size_t twins_before(const struct twins *twins, size_t at);

#endif
