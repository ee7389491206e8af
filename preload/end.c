#include "end.h"

#include "next.h"
#include "process.h"
#include "raw.h"
#include "session.h"
#include "walk.h"

#include <sys/resource.h>

static void wait_for_release(void)
{
        struct weir_control *control = process_self->control;
        struct session_patience patience = { 0 };

        while (atomic_load_explicit(&control->state, memory_order_acquire) == WEIR_STATE_ENDING) {
                raw_futex_wait(&control->state, WEIR_STATE_ENDING, SESSION_WAIT_MS);
                if (atomic_load(&control->state) == WEIR_STATE_ENDING &&
                    !session_is_alive(process_self->session, &patience)) {
                        process_lose();
                        return;
                }
        }
}

static void say_path(struct weir_control *control, const char *path)
{
        size_t i = 0;

        for (; path && path[i] && i < WEIR_PATH_MAX - 1; i++)
                control->end_path[i] = path[i];
        control->end_path[i] = 0;
}

/* What is left out only tells its execs; in a bare session, whose report waits
 * for the last process, also that it ends. */
static bool is_heard(const struct process *process, enum weir_end how)
{
        if (process->mode == PROCESS_LEFT_OUT)
                return how == WEIR_END_EXEC || (how < WEIR_END_EXEC && process->session->flags & WEIR_SESSION_BARE);
        return process->mode == PROCESS_LIVE || process->mode == PROCESS_DROP;
}

bool end_request(enum weir_end how, int32_t status, uint64_t sp, const char *path)
{
        struct process *process = process_self;
        struct weir_control *control = process->control;

        if (!is_heard(process, how) || !process_is_mine())
                return false;
        /* Two threads may end the process at once: the first one speaks. */
        if (atomic_exchange(&process->ending, 1)) {
                wait_for_release();
                return false;
        }
        if (atomic_load(&control->state) != WEIR_STATE_RUNNING)
                return false;
        control->end_how = how;
        control->end_status = status;
        control->end_tid = raw_gettid();
        control->end_sp = sp;
        say_path(control, path);
        atomic_store_explicit(&control->state, WEIR_STATE_ENDING, memory_order_release);
        session_ring_bell(process->session);
        wait_for_release();
        return true;
}

void end_note_exit(int status, uint64_t sp)
{
        struct process *process = process_self;

        if (process->mode == PROCESS_OFF || !process_is_mine())
                return;
        process->exit_status = status;
        process->exit_tid = raw_gettid();
        process->exit_sp = sp;
}

/* Every exit goes through libc's function of that name, however it was
 * called; the frame outside of it is the innermost that is not finished. */
static uint64_t sp_of_exit_caller(struct frame_state at)
{
        enum { EXIT_BYTES = 64, FRAMES = 24 };
        struct trail_frame frames[FRAMES];
        struct trail trail = { .frames = frames, .capacity = FRAMES };
        uintptr_t exit_start = (uintptr_t)next.exit;
        uint64_t sp = at.sp;

        (void)walk_all(&trail, at, (struct window){ 0, 0 }, false);
        for (uint32_t i = 0; i + 1 < trail.count; i++)
                if (trail.frames[i].pc - exit_start <= EXIT_BYTES)
                        sp = trail.frames[i + 1].sp;
        trail_release(&trail);
        return sp;
}

void end_exit(int status, struct frame_state at)
{
        const struct process *process = process_self;

        if (!is_heard(process, WEIR_END_EXIT))
                return;
        if (process->exit_sp && process->exit_tid == raw_gettid())
                (void)end_request(WEIR_END_EXIT, status, process->exit_sp, NULL);
        else
                (void)end_request(WEIR_END_EXIT, status, sp_of_exit_caller(at), NULL);
}

void end_was_none(void)
{
        struct process *process = process_self;

        if (!is_heard(process, WEIR_END_EXEC) || !process_is_mine())
                return;
        atomic_fetch_add(&process->control->exec_failed, 1);
        atomic_store_explicit(&process->control->state, WEIR_STATE_RUNNING, memory_order_release);
        atomic_store(&process->ending, 0);
        session_ring_bell(process->session);
}

/* Set by the loader before anything else runs. */
extern void *__libc_stack_end;

uintptr_t end_of_main_stack(void)
{
        return (uintptr_t)__libc_stack_end;
}

uintptr_t end_main_stack_low(uintptr_t top)
{
        struct rlimit64 limit = { 0 };
        uintptr_t bytes = (uintptr_t)8 << 20;

        if (raw_syscall(SYS_prlimit64, 0, RLIMIT_STACK, 0, &limit) == 0 && limit.rlim_cur < (uintptr_t)1 << 30)
                bytes = limit.rlim_cur;
        return bytes < top ? top - bytes : 4096;
}
