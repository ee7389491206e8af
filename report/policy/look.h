/*
 * look.h: looks at one process: snapshot, graph, groups, findings.  The
 * collector's snapshot callback.
 */
#ifndef WEIR_LOOK_H
#define WEIR_LOOK_H

#include "../capture/file.h"
#include "../collect/process.h"
#include "../error.h"
#include "suppress.h"
#include "../symbols/symbols.h"

#include <stdbool.h>
#include <stdint.h>

struct ahead;
struct store;

struct look_options {
        uint64_t session_ns; /* CLOCK_MONOTONIC at the session's start */
        bool reachable;      /* keep groups of reachable blocks as well */
        bool retained;       /* find what keeps the memory: with `symbols` */
        size_t limit;        /* entries of each of its lists, 0 = all */
        struct symbols *symbols; /* for that, and for the names in a store */
        struct ahead *ahead;     /* what names those that the report will need, until ahead_end; NULL = nothing */
        struct store *store; /* where the heaps are kept; NULL = nowhere */
        /* Adds the rules that apply to a check which a program asks for; 0, or -1. */
        int (*rules)(const struct look_options *options, struct suppressions *to, struct error *e);
};

/* Collector callback (context = struct look_options): settles the process and
 * puts its findings in process->findings.  A process that is gone or may not
 * be read gets findings of kind `unknown`, and a message that makes the
 * report incomplete where blocks were live.  -1 only when weir itself failed.
 * May be called again for the same process; old findings are dropped. */
int look_at_process(void *context, struct process *process, struct error *e);

/* Looks at every process of a capture, as look_at_process did.  0, or -1: no
 * memory, or the file is damaged.  The findings are the caller's to drop, with
 * look_forget, before the file is closed. */
int look_at_capture(struct capture_file *file, const struct look_options *options, struct error *e);

/* Collector callback: drops the findings. */
void look_forget(void *context, struct process *process);

#endif
