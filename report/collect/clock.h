/* clock.h: the session's time. */
#ifndef WEIR_CLOCK_H
#define WEIR_CLOCK_H

#include <stdint.h>

/* CLOCK_MONOTONIC, nanoseconds. */
uint64_t clock_ns(void);

/* Makes now the session's start, time 0. */
void clock_start(void);

/* Nanoseconds since clock_start; may be called from any thread. */
uint64_t clock_session_ns(void);

#endif
