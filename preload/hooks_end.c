/*
 * hooks_end.c: the ways a program ends by its own will.  `exit` only notes
 * where it was called: atexit functions and destructors still run, and the
 * library's own destructor asks last.
 */
#include "end.h"
#include "frame.h"
#include "guard.h"
#include "next.h"
#include "raw.h"

WEIR_EXPORT void exit(int status)
{
        struct process *p = process_self;

        if (p->pid == raw_getpid()) {
                p->exit_tid = raw_gettid();
                p->exit_sp = frame_state_of_caller().sp;
                p->exit_status = status;
        }
        next.exit(status);
        __builtin_unreachable();
}

WEIR_EXPORT void _exit(int status)
{
        (void)end_request(WEIR_END_EXIT, status, frame_state_of_caller().sp, NULL);
        raw_syscall(SYS_exit_group, status, 0, 0, 0);
        __builtin_unreachable();
}

WEIR_EXPORT void _Exit(int status)
{
        (void)end_request(WEIR_END_EXIT, status, frame_state_of_caller().sp, NULL);
        raw_syscall(SYS_exit_group, status, 0, 0, 0);
        __builtin_unreachable();
}
