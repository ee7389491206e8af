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

/* Values of thread_local_state.depth. */
enum {
        GUARD_OPEN = 0,
        GUARD_REAL = 1,      /* inside a hook */
        GUARD_NEW = 2,       /* inside operator new, which may run the program's new-handler or throw */
        GUARD_BELOW_NEW = 3, /* inside a hook that operator new's handler or exception called */
};

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
        local->depth = GUARD_REAL;
        atomic_signal_fence(memory_order_seq_cst);
        return true;
}

/* For the hooks that change blocks which exist already: they count below
 * operator new as well, where only a new-handler can have called them. */
static inline bool guard_enter_below_new(void)
{
        if (likely(thread_local_state.depth != GUARD_NEW))
                return guard_enter();
        thread_local_state.depth = GUARD_BELOW_NEW;
        return true;
}

/* BELOW_NEW becomes NEW again, everything else OPEN. */
static inline void guard_leave(void)
{
        uint32_t depth = thread_local_state.depth;

        atomic_signal_fence(memory_order_seq_cst);
        thread_local_state.depth = depth & depth << 1 & GUARD_NEW;
}

/* True when the calling hook was called by the real function of another one. */
static inline bool guard_is_nested(void)
{
        return thread_local_state.depth != GUARD_OPEN;
}

#endif
