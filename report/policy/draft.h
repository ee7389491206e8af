/*
 * draft.h: leaks while they are put together.  Findings of one process become
 * report leaks; equal ones become one, also those of different processes and
 * those that only the compiler told apart.  Equal means: the same kind and type,
 * stacks that read the same (function, line and module of every frame; without
 * a line, the place in the module), and as much hanging from each.
 */
#ifndef WEIR_DRAFT_H
#define WEIR_DRAFT_H

#include "../collect/process.h"
#include "../emit/report.h"
#include "../error.h"
#include "../symbols/symbols.h"
#include "findings.h"
#include "held.h"
#include "typing.h"

struct draft {
        struct report_leak leak;
        uint64_t key;
        uint64_t instances; /* heads, cycles or blocks, as in struct finding */
        size_t size_capacity, process_capacity, thread_capacity, owner_capacity;
        size_t *owners;  /* indexes of drafts; become ids at the end */
        size_t owner_count;
};

struct drafts {
        struct report *report;
        struct symbols *symbols;
        struct typing typing;
        struct held held; /* of the process at hand */
        struct draft *list;
        size_t count, capacity;
        size_t *slots; /* open addressing by key: index + 1 */
        size_t mask;

        /* The process at hand. */
        struct process *process;
        const struct findings *findings;
        size_t *of_finding; /* draft of each finding */
};

/* `total`: no more findings than this will be added. */
int drafts_init(struct drafts *drafts, struct report *report, struct symbols *symbols, size_t total, struct error *e);
void drafts_deinit(struct drafts *drafts);

/* Begins a process, adds its finding `index` (each once, in order), ends it. */
int drafts_begin(struct drafts *drafts, struct process *process, const struct findings *findings, struct error *e);
int drafts_add(struct drafts *drafts, size_t index, struct error *e);
int drafts_end(struct drafts *drafts, struct error *e);

/* Gives report->leaks their fingerprints and owners; in no order yet. */
int drafts_finish(struct drafts *drafts, struct error *e);

#endif
