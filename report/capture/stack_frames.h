/*
 * stack_frames.h: which function's frame a word of a stack is in.
 */
#ifndef WEIR_STACK_FRAMES_H
#define WEIR_STACK_FRAMES_H

#include "capture.h"
#include "places.h"
#include "snapshot.h"

/* Walks the stacks of the held threads by the call frame information of the
 * modules' files, and lists their live frames in `snapshot`, which has its
 * segments and memory; mem_free releases the list.  A walk ends where the
 * information does, and after the 256 innermost frames; of a process with more
 * than 64 threads only the thread that ends it is walked, so that the process
 * does not wait for it.  What is not walked is told by its thread alone.
 * `through` is a thread whose /proc shows the files.  0, or -1 with
 * ERROR_NO_MEMORY. */
int stack_frames_find(struct snapshot *snapshot, const struct place *places, size_t count,
                      const struct capture_request *request, pid_t through, struct error *e);

#endif
