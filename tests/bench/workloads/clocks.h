/*
 * How long a workload's loop took, printed where bench_recording.py reads it.
 *
 * Only the loop is measured: a tool's start and its report at the end are no
 * part of the cost of an event.
 */
#pragma once

#include <stdio.h>
#include <time.h>

struct clocks {
        double wall, cpu; /* nanoseconds; cpu is that of all threads */
};

static inline double clock_read(clockid_t clock)
{
        struct timespec now;

        clock_gettime(clock, &now);
        return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

static inline struct clocks clocks_now(void)
{
        struct clocks now;

        now.wall = clock_read(CLOCK_MONOTONIC);
        now.cpu = clock_read(CLOCK_PROCESS_CPUTIME_ID);
        return now;
}

/* One line, "loop:" and three numbers: pairs since start, nanoseconds of wall and of CPU that they took. */
static inline void clocks_print(struct clocks start, unsigned long pairs)
{
        struct clocks end = clocks_now();

        printf("loop: %lu %.0f %.0f\n", pairs, end.wall - start.wall, end.cpu - start.cpu);
}
