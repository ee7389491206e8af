/*
 * stop.h: holds all threads of a process still, by ptrace.
 *
 * ptrace belongs to a thread, so a stop has one of its own (the *holder*): it
 * seizes, interrupts, reads the registers, waits and lets go.  The functions
 * here may therefore be called from any thread, and if weir dies the kernel
 * lets the process go.
 *
 * The process is changed in one way only: a few blocking system calls
 * (epoll_wait, sigtimedwait and their like) return EINTR, as after any stop.
 * Signals that were under way are delivered when it goes on; a process that
 * was stopped by SIGSTOP or SIGTSTP stays stopped.
 */
#ifndef WEIR_STOP_H
#define WEIR_STOP_H

#include "../error.h"
#include "registers.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum held_state {
        HELD_RUNNING, /* could not be stopped in time, and nothing is known of it */
        HELD_ASLEEP,  /* could not be stopped, but sleeps in the kernel (vfork, a dead disk): sp and pc are
                         known, no other register is */
        HELD_STOPPED,
        HELD_GONE,    /* ended meanwhile */
};

struct held {
        pid_t tid;
        enum held_state state;
        struct registers registers; /* words NULL unless HELD_STOPPED */
        int signal;                 /* to deliver when it goes on */
        bool seized;
};

struct stop {
        pid_t pid;
        struct held *threads; /* in the order in which they were found; HELD_GONE ones are left out */
        size_t count;
        uint64_t begin_ns, end_ns; /* CLOCK_MONOTONIC; end_ns 0 until stop_end */
        struct holder *holder;
        bool standing; /* by its own will: see stop_standing */
};

/* Stops every thread of `pid`, also those that appear meanwhile.  Threads that
 * do not stop within `patience_ns` are listed as HELD_ASLEEP or HELD_RUNNING.
 * 0; or -1 with nothing held: ERROR_REFUSED (see refusal.h), ERROR_GONE (no
 * such process, or it is ending), ERROR_NO_MEMORY, ERROR_FAILED. */
int stop_begin(struct stop *stop, pid_t pid, uint64_t patience_ns, struct error *e);

/* Where ptrace is refused: takes a process for held that has one thread only,
 * and that sleeps, waiting for weir.  It is HELD_ASLEEP; nothing is done to it,
 * and a signal's handler may still run in it: see stop_still_stands.  0, or -1
 * with nothing held, when it is no such process (ERROR_REFUSED) or without memory. */
int stop_standing(struct stop *stop, pid_t pid, struct error *e);

/* True when the thread of a standing process sleeps where it did. */
bool stop_still_stands(const struct stop *stop);

/* Lets every thread go on; the registers stay until stop_deinit.  May be
 * called twice. */
void stop_end(struct stop *stop);

/* stop_end, and releases everything.  A zeroed stop is allowed. */
void stop_deinit(struct stop *stop);

#endif
