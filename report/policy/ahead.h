/*
 * ahead.h: names that the report will need, looked up by a thread of their own
 * while the process that was looked at ends: the first stacks of its findings, and
 * with them what takes longest, the symbols of the program and of libc.  Whether
 * it was done changes no report.
 *
 * Nothing is done ahead where there is one processor, and where nothing leaks.
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
        atomic_bool stop, done;
        struct symbols *symbols;
        struct symbol_place *places;
        size_t count, capacity;
};

/* Begins with the findings of the process, which are not changed any more;
 * does nothing while it is at those of another.  From here to ahead_end nobody else
 * may use the symbols. */
void ahead_begin(struct ahead *ahead, struct symbols *symbols, struct process *process);

/* Makes it leave off after the name at hand, and waits for that.  One that was
 * not begun is allowed. */
void ahead_end(struct ahead *ahead);

#endif
