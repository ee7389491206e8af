/*
 * guard.h: the pair that encloses every hook.
 *
 * It prevents this loop, and counts an allocation once when one allocation
 * function is written in terms of another:
 *
 *      program -> operator new (hook) -> libstdc++ -> malloc (hook) -> libc
 *                 guard 0 -> 1                        guard 1: pass through
 *
 * Whoever gets true from guard_enter lowers the guard on every way out, also
 * when an exception passes (hooks_cxx.c).
 */
#ifndef WEIR_GUARD_H
#define WEIR_GUARD_H

#include "hooks.h"
#include "process.h"
#include "thread.h"

/* The rest of guard_enter: first hook of a thread, of a process, of a fork
 * child; nested hook; tracing off. */
bool guard_enter_slow(void);

/* True when this is the outermost hook and its event shall be recorded.
 * Budget: 3 compares, 1 store. */
static inline bool guard_enter(void)
{
        struct thread_local_state *local = &thread_local_state;

        if (unlikely(local->depth | (process_self->mode ^ PROCESS_LIVE)) || unlikely(!local->self))
                return guard_enter_slow();
        local->depth = 1;
        atomic_signal_fence(memory_order_seq_cst);
        return true;
}

static inline void guard_leave(void)
{
        atomic_signal_fence(memory_order_seq_cst);
        thread_local_state.depth = 0;
}

/* True when the calling hook was called by the real function of another one. */
static inline bool guard_is_nested(void)
{
        return thread_local_state.depth != 0;
}

#endif
