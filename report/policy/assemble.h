/*
 * assemble.h: from the processes of a run and their findings to the report:
 * stacks get names, equal leaks of different processes become one entry, and
 * whatever was not seen is said.
 */
#ifndef WEIR_ASSEMBLE_H
#define WEIR_ASSEMBLE_H

#include "../collect/collector.h"
#include "../emit/report.h"
#include "../error.h"
#include "../symbols/symbols.h"

struct assemble_options {
        char *const *command; /* argv with its NULL; NULL = a bare session: the first process's argv is told */
        bool all_names; /* of every stack that is kept, for a capture */
        bool retained; /* the processes were asked what keeps their memory */
        symbols_progress *progress; /* while stacks are named; may be NULL */
        void *context;
};

/* Fills an empty report from the run.  Every process's findings (struct
 * findings, may be NULL) stay its own, but for `retained`, which the report
 * takes over.  Leaks are in their order and the summary is complete; what the
 * programs' own rules suppress is suppressed; all other suppressions and the
 * gate are left to those who come after.  0, or -1 without memory. */
int assemble(struct report *report, const struct collector_result *run, struct symbols *symbols,
             const struct assemble_options *options, struct error *e);

#endif
