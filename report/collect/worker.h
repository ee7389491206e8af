/*
 * worker.h: the thread on which processes are looked at, one at a time, in the
 * order they were pushed.
 */
#ifndef WEIR_WORKER_H
#define WEIR_WORKER_H

#include "collector.h"
#include "process.h"

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

struct worker {
        const struct collector_options *options;
        int event; /* eventfd, written whenever one was looked at, and when it is held no more */
        pthread_t thread;
        bool running;
        pthread_mutex_t lock;
        pthread_cond_t changed;
        struct process *queue, **queue_end; /* through process->work_next */
        struct process *done, **done_end;
        bool stop;
};

/* `event` stays the caller's. */
int worker_start(struct worker *worker, const struct collector_options *options, int event, struct error *e);

/* Has the process looked at; `look` is why.  It is the worker's until
 * worker_done returns it; its channel must stay while process->held says so: its
 * stacks are kept when it may go on already. */
void worker_push(struct worker *worker, struct process *process, enum process_look look);

/* The next process that was looked at, or NULL. */
struct process *worker_done(struct worker *worker);

/* Finishes what is queued and ends the thread.  Zeroed is allowed. */
void worker_stop(struct worker *worker);

#endif
