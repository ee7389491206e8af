/*
 * places.h: every address that a run's leaks will be named by, in one list, so
 * that symbols look each file up once.
 */
#ifndef WEIR_PLACES_H
#define WEIR_PLACES_H

#include "../collect/collector.h"
#include "../error.h"
#include "../symbols/symbols.h"

/* Names all stacks of the findings of all processes ahead of time; with `all`
 * every stack that the processes keep.  `progress` (may be NULL) as in symbols_prepare.  0, or -1 without memory. */
int places_prepare(const struct collector_result *run, struct symbols *symbols, bool all, symbols_progress *progress,
                   void *context, struct error *e);

#endif
