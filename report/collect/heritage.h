/*
 * heritage.h: what a forked child has from its parent: the blocks that were
 * live at the fork, the program's names and its annotations.  Main thread only.
 */
#ifndef WEIR_HERITAGE_H
#define WEIR_HERITAGE_H

#include <stdbool.h>
#include <stdint.h>

struct process;

/* Gives the child what it inherited; its own events must not be read before.
 * False: the parent, one of the processes from `first` on, has not recorded the
 * fork in every ring yet, so call again later.  After two seconds, or once the
 * parent is over, it gives what is known and tells the child what is not. */
bool heritage_take(struct process *first, struct process *child, uint64_t now_ns);

#endif
