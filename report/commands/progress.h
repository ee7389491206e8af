/*
 * progress.h: one line on the terminal while something takes long; it is
 * gone when the work is done.
 */
#ifndef WEIR_PROGRESS_H
#define WEIR_PROGRESS_H

#include "shared.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct progress {
        const char *doing; /* "naming stacks" */
        bool wanted;
        bool shown;        /* there is a line to take away */
        uint64_t begin_ns, last_ns;
};

/* On standard error: --progress, else where it is a terminal and nobody asked
 * for quiet. */
struct progress progress_begin(const struct shared_output *output, const char *doing);

/* A symbols_progress.  Shows nothing in the first half second, and then ten
 * lines a second at most. */
void progress_show(void *progress, size_t done, size_t total);

void progress_end(struct progress *progress);

#endif
