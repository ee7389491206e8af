/*
 * ahead.h: names that a report will most likely need, looked up by a thread of
 * their own while the heap is looked at: the outermost frames of stacks, which
 * nearly all have in common, and with them what takes longest, the symbols of the
 * program and of libc.  Whether it was done changes no report.
 *
 * Nothing is done ahead where there are few blocks, so that it is soon known
 * whether there is anything to name, where there is one processor, nor where
 * debuginfod would be asked.
 */
#ifndef WEIR_AHEAD_H
#define WEIR_AHEAD_H

#include "../collect/process.h"
#include "../symbols/symbols.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

struct ahead {
        pthread_t thread;
        bool running;
        atomic_bool stop;
        struct symbols *symbols;
        struct symbol_place *places;
        size_t count, capacity;
};

/* Begins with the stacks of some of these live blocks of the process, which
 * stands still; does nothing if it has begun already.  From here to ahead_end
 * nobody else may use the symbols. */
void ahead_begin(struct ahead *ahead, struct symbols *symbols, struct process *process, const struct block *blocks,
                 size_t count);

/* Makes it leave off after the name at hand; ahead_end must follow. */
void ahead_stop(struct ahead *ahead);

/* Makes it leave off after the name at hand, and waits for that.  One that was
 * not begun is allowed. */
void ahead_end(struct ahead *ahead);

#endif
