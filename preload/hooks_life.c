/*
 * hooks_life.c: what makes threads and processes, and what unloads code.
 */
#include "environment.h"
#include "guard.h"
#include "next.h"
#include "process.h"
#include "raw.h"
#include "unwind.h"

#include <stdarg.h>

/* The first instruction after the constructors of all libraries; the frame is
 * gone before the program's main begins. */
__attribute__((optimize("optimize-sibling-calls"))) WEIR_EXPORT int
__libc_start_main(int (*program)(int, char **, char **), int argc, char **argv, void (*init)(void), void (*fini)(void),
                  void (*loader_fini)(void), void *stack_end)
{
        uintptr_t entered = guard_enter();

        if (entered) {
                unwind_load();
                environment_publish();
                guard_leave(entered);
        }
        return next.__libc_start_main(program, argc, argv, init, fini, loader_fini, stack_end);
}

static void becomes_parallel(void)
{
        uintptr_t entered = guard_enter();

        if (entered) {
                process_parallel();
                guard_leave(entered);
        }
}

WEIR_EXPORT int pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*run)(void *), void *argument)
{
        becomes_parallel();
        return next.pthread_create(thread, attributes, run, argument);
}

WEIR_EXPORT int clone(int (*run)(void *), void *stack, int flags, void *argument, ...)
{
        va_list rest;
        pid_t *parent_tid, *child_tid;
        void *tls;
        int result;

        va_start(rest, argument);
        parent_tid = va_arg(rest, pid_t *);
        tls = va_arg(rest, void *);
        child_tid = va_arg(rest, pid_t *);
        va_end(rest);
        if (flags & CLONE_VM) {
                if (!(flags & CLONE_VFORK))
                        becomes_parallel();
                return next.clone(run, stack, flags, argument, parent_tid, tls, child_tid);
        }
        process_fork_prepare();
        result = next.clone(run, stack, flags, argument, parent_tid, tls, child_tid);
        process_fork_parent();
        return result;
}

/* Runs no atfork handlers, and is async-signal-safe; so are these. */
WEIR_EXPORT pid_t _Fork(void)
{
        pid_t child;

        process_fork_prepare();
        child = next._Fork();
        if (child == 0)
                process_fork_child();
        else
                process_fork_parent();
        return child;
}

WEIR_EXPORT int dlclose(void *handle)
{
        int result;

        unwind_unload_begin();
        result = next.dlclose(handle);
        unwind_unload_end();
        return result;
}
