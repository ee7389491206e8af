/*
 * look.h: looks at one process: snapshot, graph, groups, findings.  The
 * collector's snapshot callback.
 */
#ifndef WEIR_LOOK_H
#define WEIR_LOOK_H

#include "../collect/process.h"
#include "../error.h"

#include <stdbool.h>
#include <stdint.h>

struct look_options {
        uint64_t session_ns; /* CLOCK_MONOTONIC at the session's start */
        bool reachable;      /* keep groups of reachable blocks as well */
};

/* Collector callback (context = struct look_options): settles the process and
 * puts its findings in process->findings.  A process that is gone or may not
 * be read gets findings of kind `unknown`, and a message that makes the
 * report incomplete where blocks were live.  -1 only when weir itself failed.
 * May be called again for the same process; old findings are dropped. */
int look_at_process(void *context, struct process *process, struct error *e);

/* Collector callback: drops the findings. */
void look_forget(void *context, struct process *process);

#endif
