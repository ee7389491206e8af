/*
 * reference.h: libunwind's cursor, the judge of what a stack is.
 *
 * Serves two ends: stacks that the rules cannot walk, and the checking mode.
 *
 * The library is loaded with RTLD_LOCAL, so that none of its symbols enters
 * the target's scope, and is used through accessors of our own: it asks us
 * for memory, registers and tables.  That keeps its local address space
 * closed, which would take the loader's lock, cache rules of unloaded modules
 * and validate memory with a pipe in the target's descriptor table.  The pipe
 * that its initialisation opens nevertheless is closed again.
 *
 * libunwind guards its pools with a mutex, signals blocked.  A fork child
 * whose parent had a thread in there at that instant does without it.
 */
#ifndef WEIR_REFERENCE_H
#define WEIR_REFERENCE_H

#include <stdbool.h>
#include <stdint.h>

#include "frame.h"

enum reference_result {
        REFERENCE_END,     /* the cursor reached the outermost frame */
        REFERENCE_CUT,     /* the cursor failed: there may be more frames */
        REFERENCE_STOPPED, /* the visitor did not want more */
        REFERENCE_NONE,    /* no libunwind, or the frame was not on the way */
};

/* One frame, innermost first; `flags` as enum weir_frame_flag.  False stops. */
typedef bool reference_visitor(void *context, uintptr_t pc, uint16_t flags);

/* Loads libunwind.  Calls dlopen: for the constructor only. */
bool reference_load(void);

/* For a fork child, before its first walk. */
void reference_forked(void);

/* Visits every frame from `at` on.  The caller must itself be called, over
 * any number of frames, by a function whose caller is `at`. */
enum reference_result reference_walk(struct frame_state at, reference_visitor *visit, void *context);

#endif
