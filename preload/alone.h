/*
 * alone.h: compare-and-swap that is cheap while the process has one thread.
 *
 * One instruction, so a signal handler cannot come between; nothing locks the
 * bus for threads that do not exist.
 */
#ifndef WEIR_ALONE_H
#define WEIR_ALONE_H

#include "process.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

static inline bool alone_now(void)
{
        return *process_single;
}

/* Puts `desired` there if *expected is what it holds; else *expected becomes
 * what it does.  Acquires and releases. */
static inline bool alone_swap(bool alone, _Atomic uint32_t *word, uint32_t *expected, uint32_t desired)
{
#ifdef __x86_64__
        if (alone) {
                bool swapped;

                __asm__ volatile("cmpxchgl %3, %1"
                                 : "=@ccz"(swapped), "+m"(*word), "+a"(*expected)
                                 : "r"(desired)
                                 : "memory");
                return swapped;
        }
#else
        (void)alone;
#endif
        return atomic_compare_exchange_strong_explicit(word, expected, desired, memory_order_acq_rel,
                                                       memory_order_acquire);
}

#endif
