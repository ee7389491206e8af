/*
 * hooks_cxx.h: what the C hooks must do when operator new called them.
 *
 * operator new takes its block from malloc, and the program made one
 * allocation.  But it may also run the program's new-handler, which allocates and
 * frees for itself, and it throws an exception object from malloc that outlives
 * it.  So the newest block from below is kept pending: when operator new
 * returns that very block it is recorded as its own, otherwise as what it was.
 */
#ifndef WEIR_HOOKS_CXX_H
#define WEIR_HOOKS_CXX_H

#include "channel.h"
#include "frame.h"

#include <stdbool.h>
#include <stddef.h>

/* Makes `block` the pending one, and records the one before it. */
void new_pending(void *block, size_t size, struct frame_state at, enum weir_function function);

/* The block is released: true when it was pending, and so never recorded. */
bool new_take_pending(const void *block);

#endif
