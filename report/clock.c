#include "clock.h"

#include <time.h>

static uint64_t start_ns;

uint64_t clock_ns(void)
{
        struct timespec now;

        (void)clock_gettime(CLOCK_MONOTONIC, &now);
        return (uint64_t)now.tv_sec * UINT64_C(1000000000) + (uint64_t)now.tv_nsec;
}

void clock_start(void)
{
        start_ns = clock_ns();
}

uint64_t clock_session_ns(void)
{
        return clock_ns() - start_ns;
}
