#include "share.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>

struct part {
        void (*work)(void *context, unsigned part);
        void *context;
        unsigned number;
        pthread_t thread;
        bool started;
};

unsigned share_parts(uint64_t size, uint64_t least)
{
        cpu_set_t set;
        int processors;

        if (size < least || sched_getaffinity(0, sizeof set, &set))
                return 1;
        processors = CPU_COUNT(&set);
        if (processors < 1)
                return 1;
        return processors < SHARE_MAX ? (unsigned)processors : SHARE_MAX;
}

static void *run_part(void *argument)
{
        struct part *part = argument;

        part->work(part->context, part->number);
        return NULL;
}

int share_thread(pthread_t *thread, void *(*run)(void *), void *argument)
{
        sigset_t all, before;
        int failed;

        (void)sigfillset(&all);
        (void)pthread_sigmask(SIG_SETMASK, &all, &before);
        failed = pthread_create(thread, NULL, run, argument);
        (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
        return failed;
}

void share_run(unsigned parts, void (*work)(void *context, unsigned part), void *context)
{
        struct part list[SHARE_MAX];

        for (unsigned i = 1; i < parts; i++) {
                list[i] = (struct part){ .work = work, .context = context, .number = i };
                list[i].started = !share_thread(&list[i].thread, run_part, &list[i]);
        }
        work(context, 0);
        for (unsigned i = 1; i < parts; i++) {
                if (list[i].started)
                        (void)pthread_join(list[i].thread, NULL);
                else
                        work(context, i);
        }
}
