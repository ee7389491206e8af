/*
 * guard.h: the pair that encloses every hook.
 *
 * It prevents this loop, and counts an allocation once when one allocation
 * function is written in terms of another:
 *
 *      program -> operator new (hook) -> libstdc++ -> malloc (hook) -> libc
 *                 raised                              nested: pass through
 *
 * The guard holds the frame that raised it.  So a hook that finds it raised can
 * tell whether the real function called it (nested), a signal handler that came in
 * between (its events are the program's own: recorded), or whether that frame was
 * left by a longjmp (nobody is in a hook: recorded).
 *
 * Whoever raised the guard lowers it on every way out, also when an exception
 * passes (hooks_cxx.c).
 */
#ifndef WEIR_GUARD_H
#define WEIR_GUARD_H

#include "frame.h"
#include "hooks.h"
#include "process.h"
#include "thread.h"

/* Values of thread_local_state.guard: one of the first three, or the mark
 * (arch_*.h) of a hook's frame and perhaps flags.  Never 0. */
enum {
        GUARD_OPEN = 1,      /* outside of every hook */
        GUARD_SLOW = 3,      /* the same, when the process was not plain at the last event */
        GUARD_UNKNOWN = 7,   /* outside of every hook; the thread has made no event yet */
        GUARD_CALLS = 1,     /* inside a hook whose real function calls other hooks as a rule */
        GUARD_NEW = 2,       /* inside operator new, which may run the program's new-handler or throw */
        GUARD_BELOW_NEW = 4, /* inside a hook that operator new's handler or exception called */
        GUARD_FLAGS = 7,
};

#define GUARD_INLINE static inline __attribute__((always_inline))

/* Less than what the kernel pushes for a signal handler, everywhere. */
enum { GUARD_NEAR = 640 };

/* Whether the hook that the frame at `sp` called is nested in one that calls
 * others as a rule, and whose guard is `holder`: so near that there is no room
 * for a signal.  Only a frame that a longjmp has left may still be taken for one
 * that is there. */
GUARD_INLINE bool guard_is_near(uintptr_t holder, uintptr_t sp)
{
        return holder & (GUARD_CALLS | GUARD_NEW) &&
               (holder & ~(uintptr_t)GUARD_FLAGS) + ARCH_MARK_BELOW_SP - sp - 1 < GUARD_NEAR;
}

/* The rest of guard_enter: first hook of a thread, of a process, of a fork
 * child; nested hook; tracing off.  `at` is the caller of the function that
 * raises the guard. */
uintptr_t guard_enter_slow(struct frame_state at);
uintptr_t guard_enter_below_new_slow(struct frame_state at);

/* Raises the guard where that is all there is to do: the process is LIVE and
 * the thread known.  To be lowered by guard_lower.  `flags` are GUARD_CALLS or
 * GUARD_NEW or none.
 * Budget: 1 compare, 1 store. */
GUARD_INLINE bool guard_raise(unsigned flags)
{
        struct thread_local_state *local = &thread_local_state;
        uintptr_t plain = atomic_load_explicit(&process_self->plain, memory_order_relaxed);

        if (unlikely(local->guard != plain))
                return false;
        local->guard = arch_frame_mark() | flags;
        atomic_signal_fence(memory_order_seq_cst);
        return true;
}

GUARD_INLINE void guard_lower(void)
{
        atomic_signal_fence(memory_order_seq_cst);
        thread_local_state.guard = GUARD_OPEN;
}

/* Not 0 when this hook's event shall be recorded, and GUARD_OPEN when the
 * process is plain; to be given to guard_leave by the same function. */
GUARD_INLINE uintptr_t guard_enter(void)
{
        if (likely(guard_raise(0)))
                return GUARD_OPEN;
        if (guard_is_near(thread_local_state.guard, frame_state_of_caller().sp))
                return 0;
        return guard_enter_slow(frame_state_of_caller());
}

/* For the hooks that change blocks which exist already: they count below
 * operator new as well, where only a new-handler can have called them. */
GUARD_INLINE uintptr_t guard_enter_below_new(void)
{
        if (likely(guard_raise(0)))
                return GUARD_OPEN;
        if (!(thread_local_state.guard & GUARD_NEW) &&
            guard_is_near(thread_local_state.guard, frame_state_of_caller().sp))
                return 0;
        return guard_enter_below_new_slow(frame_state_of_caller());
}

GUARD_INLINE void guard_leave(uintptr_t before)
{
        atomic_signal_fence(memory_order_seq_cst);
        thread_local_state.guard = before;
}

/* True when the calling hook was called by the real function of another one. */
static inline bool guard_is_nested(void)
{
        return thread_local_state.guard > GUARD_FLAGS;
}

static inline bool guard_is(unsigned flag)
{
        return guard_is_nested() && thread_local_state.guard & flag;
}

#endif
