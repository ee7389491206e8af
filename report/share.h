/*
 * share.h: threads, and work done in parts at the same time, one part on each
 * processor.
 */
#ifndef WEIR_SHARE_H
#define WEIR_SHARE_H

#include <pthread.h>
#include <stdint.h>

enum { SHARE_MAX = 16 };

/* Starts a thread that takes no signals: they are for the thread that waits for
 * them.  0, or an errno. */
int share_thread(pthread_t *thread, void *(*run)(void *), void *argument);

/* In how many parts to do work of `size` units: 1 when it is less than
 * `least`, else one for each processor this process may use, at most
 * SHARE_MAX. */
unsigned share_parts(uint64_t size, uint64_t least);

/* Calls work(context, part) for each part below `parts`, and returns when all
 * have returned.  Part 0 runs in the caller's thread; where a thread cannot be
 * made, its part runs there too.  What a part wrote is seen by the caller. */
void share_run(unsigned parts, void (*work)(void *context, unsigned part), void *context);

#endif
