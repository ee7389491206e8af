/* Looking at a process that stands still by itself. */
#include "stop.h"

#include "../clock.h"
#include "../mem.h"
#include "proc.h"

#include <time.h>

/* It waits in short turns, so it may be awake for a moment. */
static bool asleep(pid_t pid, uint64_t *sp, uint64_t *pc)
{
        enum { TRIES = 200, NAP_NS = 1000000 };

        for (unsigned i = 0; i < TRIES; i++) {
                if (proc_syscall(pid, pid, sp, pc))
                        return true;
                (void)nanosleep(&(struct timespec){ 0, NAP_NS }, NULL);
        }
        return false;
}

int stop_standing(struct stop *stop, pid_t pid, struct error *e)
{
        struct held held = { .tid = pid, .state = HELD_ASLEEP };

        if (proc_status(pid, 0, "Threads", 0, 0) != 1 || !asleep(pid, &held.registers.sp, &held.registers.pc))
                return error_set(e, ERROR_REFUSED, "process %d has threads that may run", (int)pid);
        *stop = (struct stop){ .pid = pid, .begin_ns = clock_ns(), .standing = true };
        stop->threads = mem_alloc(1, sizeof *stop->threads);
        if (!stop->threads)
                return error_no_memory(e, "looking at a process");
        stop->threads[0] = held;
        stop->count = 1;
        return 0;
}

bool stop_still_stands(const struct stop *stop)
{
        uint64_t sp = 0, pc = 0;

        return asleep(stop->pid, &sp, &pc) && sp == stop->threads[0].registers.sp &&
               pc == stop->threads[0].registers.pc && proc_status(stop->pid, 0, "Threads", 0, 0) == 1;
}
