/*
 * hooks_end.c: the ways a program ends by its own will.
 *
 * exit and quick_exit only note where they were called: the program's handlers
 * and destructors still run, and ours, registered before any of them, ask
 * last (process.c).  What the caller holds in registers that calls keep is live
 * to the end: they are put on the stack, which counts from there up.
 */
#include "end.h"
#include "frame.h"
#include "guard.h"
#include "next.h"
#include "raw.h"

WEIR_EXPORT void exit(int status)
{
        uintptr_t registers[ARCH_REGISTERS];

        arch_capture(registers);
        end_note_exit(status, (uintptr_t)registers);
        next.exit(status);
        __builtin_unreachable();
}

WEIR_EXPORT void quick_exit(int status)
{
        uintptr_t registers[ARCH_REGISTERS];

        arch_capture(registers);
        end_note_exit(status, (uintptr_t)registers);
        next.quick_exit(status);
        __builtin_unreachable();
}

static _Noreturn void end_now(int status)
{
        uintptr_t registers[ARCH_REGISTERS];

        arch_capture(registers);
        (void)end_request(WEIR_END_EXIT, status, (uintptr_t)registers, NULL);
        for (;;)
                (void)raw_syscall(SYS_exit_group, status, 0, 0, 0);
}

WEIR_EXPORT void _exit(int status)
{
        end_now(status);
}

WEIR_EXPORT void _Exit(int status)
{
        end_now(status);
}
