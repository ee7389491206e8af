/* clock.h: the monotonic clock, and the session's time on it. */
#ifndef WEIR_CLOCK_H
#define WEIR_CLOCK_H

#include <stdint.h>

/* CLOCK_MONOTONIC, nanoseconds; may be called from any thread. */
uint64_t clock_ns(void);

/* Makes now the session's start, time 0: once, before other threads ask for it. */
void clock_start(void);

/* Nanoseconds since clock_start; may be called from any thread. */
uint64_t clock_session_ns(void);

#endif
