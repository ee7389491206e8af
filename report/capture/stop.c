#include "stop.h"

#include "../clock.h"
#include "../mem.h"
#include "../share.h"
#include "proc.h"
#include "refusal.h"

#include <dirent.h>
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
        /* A thread in uninterruptible sleep is given this long to wake up. */
        ASLEEP_NS = 200 * 1000 * 1000,
        /* How long a thread that could not be stopped is waited for at the end. */
        LEAVE_NS = 20 * 1000 * 1000,
        SPINS = 64,
        NAP_NS = 50 * 1000,
        /* Passes over the list of threads; each new thread needs one, so this
         * only ends a process that makes threads as fast as they are held. */
        PASSES_MAX = 1000,
};

struct holder {
        pthread_t thread;
        sem_t ready, leave;
        struct stop *stop;
        size_t capacity;
        uint64_t deadline;
        bool own_child; /* weir is its parent: another thread of weir waits for its end */
        int result;
        struct error error;
};

static void nap(unsigned *spins)
{
        if (++*spins < SPINS)
                (void)sched_yield();
        else
                (void)nanosleep(&(struct timespec){ 0, NAP_NS }, NULL);
}

/* ---- one thread -------------------------------------------------------- */

static bool is_dead(pid_t pid, pid_t tid)
{
        char state = proc_state(pid, tid);

        return state == 0 || state == 'Z' || state == 'X' || state == 'x';
}

/* The status of a stop is taken from the queue, so that nobody who waits for
 * the process meets it; the exit of the process is left to its parent. */
static void take_status(const struct holder *holder, pid_t tid)
{
        siginfo_t info;
        int what = WSTOPPED;

        if (tid != holder->stop->pid || !holder->own_child)
                what |= WEXITED;
        (void)waitid(P_PID, (id_t)tid, &info, what | WNOHANG | __WALL);
}

/* True once the thread is in a ptrace stop.  Asked of the thread and not of
 * wait: another thread of weir may have taken the status. */
static bool is_stopped(struct held *held)
{
        siginfo_t info;

        if (ptrace(PTRACE_GETSIGINFO, held->tid, NULL, &info))
                return errno == EINVAL; /* stopped, and no signal is the cause */
        /* On its way to a signal: that signal must not be lost. */
        if (info.si_code >> 8 != PTRACE_EVENT_STOP)
                held->signal = info.si_signo;
        return true;
}

/* Follows one thread towards its stop; true when there is nothing more to
 * wait for. */
static bool settle(struct holder *holder, struct held *held)
{
        struct error e = { 0 };

        if (held->state != HELD_RUNNING)
                return true;
        if (!is_stopped(held))
                return false;
        take_status(holder, held->tid);
        held->state = HELD_STOPPED;
        if (registers_read(&held->registers, held->tid, &e)) {
                if (e.code == ERROR_GONE)
                        held->state = HELD_GONE;
                else if (!holder->error.code)
                        holder->error = e;
        }
        return true;
}

/* What a thread that does not stop is doing. */
static void give_up(struct holder *holder, struct held *held)
{
        if (settle(holder, held))
                return;
        if (is_dead(holder->stop->pid, held->tid))
                held->state = HELD_GONE;
        else if (proc_syscall(holder->stop->pid, held->tid, &held->registers.sp, &held->registers.pc))
                held->state = HELD_ASLEEP;
}

static bool settle_all(struct holder *holder)
{
        struct stop *stop = holder->stop;
        bool all = true;

        for (size_t i = 0; i < stop->count; i++)
                all &= settle(holder, &stop->threads[i]);
        return all;
}

/* Gives up those that ended and, when `sleepers`, those that sleep deeply. */
static void look_for_late(struct holder *holder, bool sleepers)
{
        struct stop *stop = holder->stop;

        for (size_t i = 0; i < stop->count; i++) {
                struct held *held = &stop->threads[i];
                char state;

                if (held->state != HELD_RUNNING || is_stopped(held))
                        continue;
                state = proc_state(stop->pid, held->tid);
                if (state == 0 || state == 'Z' || state == 'X' || (sleepers && state == 'D'))
                        give_up(holder, held);
        }
}

static void wait_for_all(struct holder *holder)
{
        uint64_t begin = clock_ns(), look = begin + 2 * 1000 * 1000;
        unsigned spins = 0;

        while (!settle_all(holder)) {
                uint64_t now = clock_ns();

                if (now >= holder->deadline) {
                        for (size_t i = 0; i < holder->stop->count; i++)
                                give_up(holder, &holder->stop->threads[i]);
                        return;
                }
                if (now >= look) {
                        look_for_late(holder, now - begin >= ASLEEP_NS);
                        look = now + 5 * 1000 * 1000;
                }
                nap(&spins);
        }
}

/* ---- all threads ------------------------------------------------------- */

/* `*cursor` is where the thread is expected: the kernel lists them in the same
 * order each time. */
static bool known(const struct stop *stop, pid_t tid, size_t *cursor)
{
        for (size_t i = 0; i < stop->count; i++) {
                size_t at = (*cursor + i) % stop->count;

                if (stop->threads[at].tid == tid) {
                        *cursor = at + 1;
                        return true;
                }
        }
        return false;
}

/* Seizes one thread and asks it to stop. */
static int seize(struct holder *holder, pid_t tid)
{
        struct stop *stop = holder->stop;
        int errnum;

        if (mem_grow(&stop->threads, &holder->capacity, stop->count + 1, sizeof *stop->threads))
                return error_no_memory(&holder->error, "stopping a process");
        if (ptrace(PTRACE_SEIZE, tid, NULL, NULL)) {
                errnum = errno;
                if (errnum == ESRCH || is_dead(stop->pid, tid))
                        return 0;
                return refusal_explain(&holder->error, stop->pid, errnum);
        }
        (void)ptrace(PTRACE_INTERRUPT, tid, NULL, NULL);
        stop->threads[stop->count++] = (struct held){ .tid = tid, .seized = true };
        return 0;
}

/* One pass over /proc/PID/task; `*added` counts the threads that were new. */
static int seize_new(struct holder *holder, DIR *tasks, size_t *added)
{
        size_t before = holder->stop->count, cursor = 0;
        struct dirent *entry;

        rewinddir(tasks);
        while ((entry = readdir(tasks))) {
                pid_t tid = (pid_t)strtol(entry->d_name, NULL, 10);

                if (tid > 0 && !known(holder->stop, tid, &cursor) && seize(holder, tid))
                        return -1;
        }
        *added = holder->stop->count - before;
        return 0;
}

/* Until two passes in a row found nothing new while everything stood still. */
static int seize_all(struct holder *holder, DIR *tasks)
{
        unsigned quiet = 0;
        size_t added;

        for (unsigned pass = 0; quiet < 2; pass++) {
                if (seize_new(holder, tasks, &added))
                        return -1;
                if (pass > PASSES_MAX || (pass && added && clock_ns() > holder->deadline))
                        return error_set(&holder->error, ERROR_FAILED,
                                         "process %d makes new threads faster than they can be stopped",
                                         (int)holder->stop->pid);
                quiet = added ? 0 : quiet + 1;
                if (added)
                        wait_for_all(holder);
        }
        return 0;
}

/* What ended while it was traced waits for its tracer to take notice. */
static void drop_gone(struct holder *holder)
{
        struct stop *stop = holder->stop;
        size_t kept = 0;

        for (size_t i = 0; i < stop->count; i++) {
                if (stop->threads[i].state == HELD_GONE)
                        take_status(holder, stop->threads[i].tid);
                else
                        stop->threads[kept++] = stop->threads[i];
        }
        stop->count = kept;
}

static int hold(struct holder *holder)
{
        char path[64];
        DIR *tasks;
        int result;

        (void)snprintf(path, sizeof path, "/proc/%d/task", (int)holder->stop->pid);
        tasks = opendir(path);
        if (!tasks)
                return error_set_errno(&holder->error, errno == ENOENT ? ERROR_GONE : ERROR_FAILED, errno,
                                       "cannot list the threads of process %d", (int)holder->stop->pid);
        result = seize_all(holder, tasks);
        (void)closedir(tasks);
        return holder->error.code ? -1 : result; /* registers may have failed on the way */
}

/* ---- letting go -------------------------------------------------------- */

/* A thread that could not be stopped may have stopped by now; if not, the end
 * of the holder lets it go. */
static void await_straggler(struct held *held, uint64_t deadline)
{
        unsigned spins = 0;

        while (!is_stopped(held) && clock_ns() < deadline)
                nap(&spins);
}

static void let_go(struct holder *holder)
{
        struct stop *stop = holder->stop;
        uint64_t deadline = clock_ns() + LEAVE_NS;

        for (size_t i = 0; i < stop->count; i++) {
                struct held *held = &stop->threads[i];

                if (held->state == HELD_RUNNING || held->state == HELD_ASLEEP)
                        await_straggler(held, deadline);
                if (ptrace(PTRACE_DETACH, held->tid, NULL, (void *)(intptr_t)held->signal))
                        take_status(holder, held->tid); /* killed while it was held */
        }
}

static void free_threads(struct stop *stop)
{
        for (size_t i = 0; i < stop->count; i++)
                mem_free(stop->threads[i].registers.words);
        mem_free(stop->threads);
        stop->threads = NULL;
        stop->count = 0;
}

static void *holder_main(void *argument)
{
        struct holder *holder = argument;

        holder->result = hold(holder);
        if (!holder->result) {
                drop_gone(holder);
                if (!holder->stop->count)
                        holder->result =
                                error_set(&holder->error, ERROR_GONE, "process %d has ended", (int)holder->stop->pid);
        }
        if (holder->result) {
                let_go(holder);
                (void)sem_post(&holder->ready);
                return NULL;
        }
        (void)sem_post(&holder->ready);
        while (sem_wait(&holder->leave) && errno == EINTR)
                ;
        let_go(holder);
        return NULL;
}

static void free_holder(struct stop *stop)
{
        (void)sem_destroy(&stop->holder->ready);
        (void)sem_destroy(&stop->holder->leave);
        mem_free(stop->holder);
        stop->holder = NULL;
}

int stop_begin(struct stop *stop, pid_t pid, uint64_t patience_ns, struct error *e)
{
        struct holder *holder = mem_alloc(1, sizeof *holder);
        int errnum, result;

        if (!holder)
                return error_no_memory(e, "stopping a process");
        *stop = (struct stop){ .pid = pid, .begin_ns = clock_ns(), .holder = holder };
        holder->stop = stop;
        holder->deadline = stop->begin_ns + patience_ns;
        holder->own_child = proc_status(pid, 0, "PPid", 0, 0) == getpid();
        (void)sem_init(&holder->ready, 0, 0);
        (void)sem_init(&holder->leave, 0, 0);
        errnum = share_thread(&holder->thread, holder_main, holder);
        if (errnum) {
                free_holder(stop);
                return error_set_errno(e, ERROR_FAILED, errnum, "cannot start a thread to stop process %d", (int)pid);
        }
        while (sem_wait(&holder->ready) && errno == EINTR)
                ;
        result = holder->result;
        if (result) {
                (void)pthread_join(holder->thread, NULL);
                if (e)
                        *e = holder->error;
                free_threads(stop);
                free_holder(stop);
        }
        return result;
}

void stop_end(struct stop *stop)
{
        if (stop->standing && !stop->end_ns)
                stop->end_ns = clock_ns();
        if (!stop->holder)
                return;
        (void)sem_post(&stop->holder->leave);
        (void)pthread_join(stop->holder->thread, NULL);
        free_holder(stop);
        stop->end_ns = clock_ns();
}

void stop_deinit(struct stop *stop)
{
        stop_end(stop);
        free_threads(stop);
        *stop = (struct stop){ 0 };
}
