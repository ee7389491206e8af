/*
 * thread.h: what the shim keeps for each thread.
 *
 * Thread-local storage is `thread_local_state`, 32 bytes.
 * The rest is a struct thread, mapped at the thread's first event, never
 * unmapped, and taken over by a new thread once its owner is dead.  Death is
 * asked of the kernel (tgkill with signal 0), not of a destructor: frees still
 * come after the last destructor ran.
 */
#ifndef WEIR_THREAD_H
#define WEIR_THREAD_H

#include "channel.h"
#include "unwind.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct thread {
        struct thread *next;    /* all there are; only ever pushed */
        _Atomic uint64_t owner; /* bits 0..31 the owner's tid, 0 = free; bits 32..: how often it changed hands */
        uint32_t number, quiet; /* its entries of the thread table; `quiet` 0 = has none yet */
        struct unwind_thread *unwind;
        _Atomic uint64_t *moving; /* in its entry of the thread table, or `nowhere` */
        _Atomic uint64_t nowhere;
        /* Below operator new: the newest block, which it will return unless it
         * throws or a new-handler runs; NULL = none. */
        void *pending;
        size_t pending_size;
};

struct thread_local_state {
        struct thread *self;    /* NULL before the first event */
        uintptr_t guard;        /* guard.h: GUARD_UNKNOWN at first */
        uint64_t body_bits;     /* its number, as in weir_event.body */
        uint32_t fork_sequence; /* of the fork this thread is making; the child reads its copy */
        uint32_t resolving : 1; /* inside next_resolve: allocations come from early.c */
        uint32_t quiet : 31;    /* calls of __lsan_disable without their __lsan_enable */
};
_Static_assert(sizeof(struct thread_local_state) <= 32, "static TLS is scarce");

extern __thread struct thread_local_state thread_local_state
        __attribute__((tls_model("initial-exec"), visibility("hidden")));

/* Makes the calling thread known: sets thread_local_state.self and fills its
 * entry of the thread table.  False when no memory could be mapped.  The
 * process is LIVE or STARTING. */
bool thread_register(void);

/* From here on the calling thread's blocks are no leaks (WEIR_THREAD_QUIET), or
 * are as before.  It is registered; the guard is raised. */
void thread_set_quiet(bool quiet);

/* In a new process image or fork child, before its first thread_register:
 * everything belongs to nobody. */
void thread_forget_all(void);

#endif
