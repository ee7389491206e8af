#include "worker.h"

#include "../share.h"

#include <sys/eventfd.h>

static void hold(struct process *process, bool held)
{
        (void)pthread_mutex_lock(&process->lock);
        process->held = held;
        (void)pthread_mutex_unlock(&process->lock);
}

static int call(struct worker *worker, struct process *process, struct error *e)
{
        const struct collector_options *options = worker->options;

        if (process->checked)
                return 0; /* only settled again */
        if (process->findings && options->forget)
                options->forget(options->context, process);
        return options->snapshot ? options->snapshot(options->context, process, e) : 0;
}

/* A process that cannot be held or read is treated like a dead one: what is
 * live in it is known, not who holds it. */
static void look(struct worker *worker, struct process *process)
{
        struct error e = { 0 };

        hold(process, true);
        if (call(worker, process, &e)) {
                process_tell(process, true, "%s", e.text);
                if (process->look != PROCESS_LOOK_DEAD) {
                        process->look = PROCESS_LOOK_DEAD;
                        if (call(worker, process, &e))
                                process_tell(process, true, "%s", e.text);
                }
        }
        if (!process->settled && process_settle(process, process->look == PROCESS_LOOK_DEAD, &e))
                process_tell(process, true, "%s", e.text);
}

/* The process may go on. */
static void hand_back(struct worker *worker, struct process *process)
{
        (void)pthread_mutex_lock(&worker->lock);
        *worker->done_end = process;
        worker->done_end = &process->work_next;
        (void)pthread_mutex_unlock(&worker->lock);
        (void)eventfd_write(worker->event, 1);
}

/* Most processes end now, which takes them as long as keeping their stacks takes us. */
static void keep(struct worker *worker, struct process *process)
{
        process_keep_stacks(process);
        hold(process, false);
        (void)eventfd_write(worker->event, 1);
}

static struct process *next(struct worker *worker)
{
        struct process *process;

        while (!worker->queue && !worker->stop)
                (void)pthread_cond_wait(&worker->changed, &worker->lock);
        process = worker->queue;
        if (process) {
                worker->queue = process->work_next;
                if (!worker->queue)
                        worker->queue_end = &worker->queue;
                process->work_next = NULL;
        }
        return process;
}

static void *work(void *argument)
{
        struct worker *worker = argument;
        struct process *process;

        (void)pthread_mutex_lock(&worker->lock);
        while ((process = next(worker))) {
                (void)pthread_mutex_unlock(&worker->lock);
                look(worker, process);
                hand_back(worker, process);
                keep(worker, process);
                (void)pthread_mutex_lock(&worker->lock);
        }
        (void)pthread_mutex_unlock(&worker->lock);
        return NULL;
}

int worker_start(struct worker *worker, const struct collector_options *options, int event, struct error *e)
{
        int failed;

        *worker = (struct worker){ .options = options, .event = event };
        worker->queue_end = &worker->queue;
        worker->done_end = &worker->done;
        (void)pthread_mutex_init(&worker->lock, NULL);
        (void)pthread_cond_init(&worker->changed, NULL);
        failed = share_thread(&worker->thread, work, worker);
        if (failed)
                return error_set_errno(e, ERROR_FAILED, failed, "cannot start a thread");
        worker->running = true;
        return 0;
}

void worker_push(struct worker *worker, struct process *process, enum process_look why)
{
        process->look = why;
        process->settled = false;
        (void)pthread_mutex_lock(&worker->lock);
        process->work_next = NULL;
        *worker->queue_end = process;
        worker->queue_end = &process->work_next;
        (void)pthread_cond_signal(&worker->changed);
        (void)pthread_mutex_unlock(&worker->lock);
}

struct process *worker_done(struct worker *worker)
{
        struct process *process;

        (void)pthread_mutex_lock(&worker->lock);
        process = worker->done;
        if (process) {
                worker->done = process->work_next;
                if (!worker->done)
                        worker->done_end = &worker->done;
                process->work_next = NULL;
        }
        (void)pthread_mutex_unlock(&worker->lock);
        return process;
}

void worker_stop(struct worker *worker)
{
        if (!worker->running)
                return;
        (void)pthread_mutex_lock(&worker->lock);
        worker->stop = true;
        (void)pthread_cond_signal(&worker->changed);
        (void)pthread_mutex_unlock(&worker->lock);
        (void)pthread_join(worker->thread, NULL);
        (void)pthread_cond_destroy(&worker->changed);
        (void)pthread_mutex_destroy(&worker->lock);
        worker->running = false;
}
