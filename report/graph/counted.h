/*
 * counted.h: which edges are halves of shared pointers.  A std::shared_ptr is
 * two words, the object's address and its control block's; the control block
 * begins with a vtable and holds the object or points at it.  Judged here by
 * the shape only: types.h says of the class whether it is one.
 */
#ifndef WEIR_GRAPH_COUNTED_H
#define WEIR_GRAPH_COUNTED_H

#include "group.h"
#include "vtable.h"

/* If the step's word may be half of a shared pointer, fills step->counted and
 * step->member.  Reads memory. */
void counted_find(const struct graph *graph, struct vtables *vtables, struct group_step *step);

#endif
