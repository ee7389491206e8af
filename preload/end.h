/*
 * end.h: the last thing a process does: it asks the collector for a snapshot
 * and stands still until it has been taken.
 */
#ifndef WEIR_END_H
#define WEIR_END_H

#include "channel.h"
#include "frame.h"

#include <stdbool.h>
#include <stdint.h>

/* Asks and waits, bounded by the collector's liveness.  `sp` is where the
 * ending thread's stack is live from; finished frames below it are no roots.
 * `path` is given for WEIR_END_EXEC only.  Does nothing in a process that is
 * not traced, in a vfork child, and when the process has been released
 * already.  True when this call made the request. */
bool end_request(enum weir_end how, int32_t status, uint64_t sp, const char *path);

/* exit or quick_exit was called with the caller's stack pointer at `sp`: what is
 * below is finished when the process asks. */
void end_note_exit(int status, uint64_t sp);

/* Asks for an end by exit, as noted before.  When exit was not called by name
 * (main returned, or libc called it) the stack is walked from `at` to find who
 * called it. */
void end_exit(int status, struct frame_state at);

/* The exec came back, or the check is over: the process lives on. */
void end_was_none(void);

/* Where the kernel put argc: the top of the main thread's stack. */
uintptr_t end_of_main_stack(void);

/* The lowest address the main thread's stack may grow to; never 0. */
uintptr_t end_main_stack_low(uintptr_t top);

#endif
