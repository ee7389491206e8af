/*
 * hooks.h: HOUSE RULES of the shim, and the prototypes of what it interposes.
 *
 * libweir.so runs inside programs it knows nothing about, in the middle of any
 * instruction of theirs.  Every line under preload/ obeys:
 *
 *   1. Calls.  Nothing that may allocate, lock, or be interposed: no malloc, no
 *      stdio, no getenv, no dladdr, no dl_iterate_phdr, no pthread_* on a
 *      recording path.  System calls go through raw.h.  The exceptions, each
 *      outside the recording path and under the guard: dlsym (next.c, annotate.c),
 *      pthread_atfork (process.c), dlopen of the reference unwinder
 *      (unwind_load).
 *   2. errno.  A hook leaves errno as the real function left it.  The fast path
 *      does so by never touching it; slow paths that call libc save it.
 *   3. Re-entry.  Every hook raises the guard (guard.h) before it calls the
 *      real function and lowers it after its event is in the channel.  A hook
 *      that the real function of another one calls passes through: operator new
 *      calls malloc, but the program made one allocation.  One that a signal
 *      handler calls in between records like any other.
 *   4. Signals.  A handler may interrupt any instruction here and call any
 *      hook.  Records are reserved first and published last, each on its own;
 *      there is no scratch state of the thread that two hooks could share.
 *   5. fork.  Nothing is held that a sibling could leave locked.  All that is
 *      wrong in a child lives in a page that the kernel wipes at fork
 *      (process.h); a child notices at its first hook, whatever forked it.
 *      A child that shares the parent's memory (vfork) records as the parent.
 *   6. Threads.  No thread waits for another.  Only two waits exist, for room in
 *      a ring and for the end handshake, both on the collector, both bounded
 *      by its liveness (session.h).
 *   7. TLS.  32 bytes, initial-exec (thread.h); everything else of a thread is
 *      mapped at its first event and reused when the thread is dead.
 *   8. Never fatal.  Whatever fails, the program runs on as if weir were not
 *      there, and what was missed is counted in the channel.
 */
#ifndef WEIR_HOOKS_H
#define WEIR_HOOKS_H

#include "channel.h"
#include "hooks_list.h"

#include <dlfcn.h>
#include <malloc.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#define WEIR_EXPORT __attribute__((visibility("default")))
#define likely(x)   __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)

#if __SIZEOF_POINTER__ != 8
#error "operator new is mangled for LP64 in hooks_list.h"
#endif

/* Not declared by every libc; C23, or removed from the headers. */
void cfree(void *);
void free_sized(void *, size_t);
void free_aligned_sized(void *, size_t, size_t);
pid_t _Fork(void);
int __libc_start_main(int (*program)(int, char **, char **), int argc, char **argv, void (*init)(void),
                      void (*fini)(void), void (*loader_fini)(void), void *stack_end);

int __sigaction(int, const struct sigaction *, struct sigaction *);
sighandler_t bsd_signal(int, sighandler_t);
sighandler_t __sysv_signal(int, sighandler_t);

/* C++: the alignment is a std::align_val_t (size_t), nothrow a reference. */
struct nothrow;
void *_Znwm(size_t);
void *_ZnwmRKSt9nothrow_t(size_t, const struct nothrow *);
void *_ZnwmSt11align_val_t(size_t, size_t);
void *_ZnwmSt11align_val_tRKSt9nothrow_t(size_t, size_t, const struct nothrow *);
void *_Znam(size_t);
void *_ZnamRKSt9nothrow_t(size_t, const struct nothrow *);
void *_ZnamSt11align_val_t(size_t, size_t);
void *_ZnamSt11align_val_tRKSt9nothrow_t(size_t, size_t, const struct nothrow *);
void _ZdlPv(void *);
void _ZdlPvm(void *, size_t);
void _ZdlPvRKSt9nothrow_t(void *, const struct nothrow *);
void _ZdlPvSt11align_val_t(void *, size_t);
void _ZdlPvmSt11align_val_t(void *, size_t, size_t);
void _ZdlPvSt11align_val_tRKSt9nothrow_t(void *, size_t, const struct nothrow *);
void _ZdaPv(void *);
void _ZdaPvm(void *, size_t);
void _ZdaPvRKSt9nothrow_t(void *, const struct nothrow *);
void _ZdaPvSt11align_val_t(void *, size_t);
void _ZdaPvmSt11align_val_t(void *, size_t, size_t);
void _ZdaPvSt11align_val_tRKSt9nothrow_t(void *, size_t, const struct nothrow *);

#endif
