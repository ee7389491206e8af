/*
 * collector.h: one traced run: the session, the command, every process of its
 * tree, until all have ended and were looked at.
 *
 * The calling thread drains all channels; one worker thread of the collector
 * does everything that needs a stopped process (ptrace belongs to a thread),
 * through the snapshot callback, so that draining never waits for it.
 */
#ifndef WEIR_COLLECTOR_H
#define WEIR_COLLECTOR_H

#include "../error.h"
#include "choice.h"
#include "process.h"

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define COLLECTOR_WAIT_FOREVER UINT64_MAX

struct collector_options {
        char *const *command;  /* argv, NULL at its end; NULL when bare */
        const char *library;   /* libweir.so; NULL = look for it, see launch.h */
        uint64_t wait_ns;      /* after the command ended, for the other processes; COLLECTOR_WAIT_FOREVER */
        bool drop;             /* a full ring drops and counts instead of making the program wait */
        bool check_stacks;     /* compare every stack with libunwind's */
        struct choice choice;  /* of the programs to trace */
        struct weir_layout layout; /* all zero = the default */
        int bare_socket;       /* bare LD_PRELOAD: where to answer; -1 otherwise */

        /* Called on the worker thread whenever a process stands still, is asked
         * for, or is dead (process->look says which), at most once at a time;
         * more than once for a process whose exec failed.  It must call
         * process_settle once the threads are held.  Failing (-1) makes the
         * process incomplete with the error's text.  The process goes on as
         * soon as it returns. */
        int (*snapshot)(void *context, struct process *process, struct error *e);
        /* Called on either thread when findings made before are void (the exec
         * it was made for failed); sets process->findings to NULL. */
        void (*forget)(void *context, struct process *process);
        /* Called on the main thread for a line the user should see at once
         * (what is being waited for); may be NULL. */
        void (*tell)(void *context, const char *line);
        void *context;
};

/* A program that was left out, as options->choice says. */
struct collector_left_out {
        char *name;     /* last part of its file; "" = unknown */
        uint64_t count; /* processes that ran it */
};

/* A process nobody could trace. */
struct collector_untraced {
        int32_t pid; /* 0 = unknown */
        char *exe;   /* "" = unknown */
        char *reason;
};

struct collector;

struct collector_result {
        struct process *processes; /* in order of start; NULL when nothing was traced */
        size_t process_count;
        struct collector_untraced *untraced;
        size_t untraced_count, untraced_capacity;
        struct collector_left_out *left_out; /* by count, most first, then by name */
        size_t left_out_count, left_out_capacity;
        struct process *left_out_processes;  /* private */
        uint32_t refused;     /* images that found no slot or could not map it */
        uint64_t duration_ns;
        int64_t started_s;    /* CLOCK_REALTIME at the start, seconds */
        bool command_ended;   /* false: still runs (daemonless --wait) or weir was told to stop */
        int command_status;   /* wait status of the command, when it ended */
        int32_t command_pid;
        struct collector *collector; /* private */
};

/* Runs the command (or serves the bare session) and fills the result.  0, or
 * -1 when weir itself failed or the command could not be run
 * (ERROR_NOT_FOUND, ERROR_CANNOT_RUN).  The processes stay valid until
 * collector_result_deinit; `forget` is not called for them, so the caller
 * drops their findings first. */
int collector_run(const struct collector_options *options, struct collector_result *result, struct error *e);

/* Bare session: lets the processes end that wait for the report; to be called
 * when it is written.  collector_run has returned before. */
void collector_result_release(struct collector_result *result);

void collector_result_deinit(struct collector_result *result);

#endif
