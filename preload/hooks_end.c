/*
 * hooks_end.c: the ways a program ends by its own will.
 *
 * exit and quick_exit only note where they were called: the program's handlers
 * and destructors still run, and ours, registered before any of them, ask
 * last (process.c).
 */
#include "end.h"
#include "frame.h"
#include "guard.h"
#include "next.h"
#include "raw.h"

WEIR_EXPORT void exit(int status)
{
        end_note_exit(status, frame_state_of_caller().sp);
        next.exit(status);
        __builtin_unreachable();
}

WEIR_EXPORT void quick_exit(int status)
{
        end_note_exit(status, frame_state_of_caller().sp);
        next.quick_exit(status);
        __builtin_unreachable();
}

static _Noreturn void end_now(int status, struct frame_state caller)
{
        (void)end_request(WEIR_END_EXIT, status, caller.sp, NULL);
        for (;;)
                (void)raw_syscall(SYS_exit_group, status, 0, 0, 0);
}

WEIR_EXPORT void _exit(int status)
{
        end_now(status, frame_state_of_caller());
}

WEIR_EXPORT void _Exit(int status)
{
        end_now(status, frame_state_of_caller());
}
