/*
 * keep.h: what keeps the memory of one process, from its graph to the words
 * of the report: holders are made of root words that are one to a person, sites
 * of stacks, and everything gets its name.
 *
 *     while the process is held      keep_prepare
 *     later                          keep_find
 */
#ifndef WEIR_KEEP_H
#define WEIR_KEEP_H

#include "../collect/process.h"
#include "../emit/report.h"
#include "../error.h"
#include "../graph/keepers.h"
#include "../graph/live_cycles.h"
#include "../symbols/symbols.h"

struct keep {
        struct vtables vtables;
        struct recounts recounts;
        struct live_cycles cycles;
};

/* Asks memory all that must be known later; `graph` is analysed.  `told`:
 * keep_find will be called, not keep_names alone; it tells `limit` of the
 * cycles (0 = all).  0, or -1 without memory. */
int keep_prepare(struct keep *keep, const struct graph *graph, bool told, size_t limit, struct error *e);
/* A zeroed one is allowed. */
void keep_deinit(struct keep *keep);

struct keep_options {
        struct symbols *symbols;
        size_t limit; /* entries of each list; 0 = all */
};

/* Asks `symbols` for the names of all classes and variables that anybody may
 * ask for who has this graph, for a capture.  0, or -1. */
int keep_names(struct keep *keep, const struct graph *graph, struct process *process, struct symbols *symbols,
               struct error *e);

/* Fills `retained`, in the memory of report `memory`.  Reads no memory of the
 * process.  0, or -1. */
int keep_find(struct keep *keep, const struct graph *graph, struct process *process,
              const struct keep_options *options, struct report *memory, struct report_retained *retained,
              struct error *e);

#endif
