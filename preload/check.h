/*
 * check.h: the checking mode.  A stack, expanded from the stack table by its
 * id, against libunwind's cursor, frame by frame.
 */
#ifndef WEIR_CHECK_H
#define WEIR_CHECK_H

#include "channel.h"
#include "frame.h"
#include "nodes.h"

/* Compares the stack `id`, which is to begin at `at` with `function`, with
 * what the reference says now.  Counts in counters.checked, and a difference
 * in counters.mismatches, told by a note.  0 is not compared: that loss is
 * counted elsewhere.  To be called, over any number of frames, from the
 * function whose caller is `at`. */
void check_stack(const struct nodes *nodes, uint32_t id, struct frame_state at, enum weir_function function,
                 struct weir_counters *counters);

#endif
