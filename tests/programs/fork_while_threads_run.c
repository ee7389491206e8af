/* 40 forks while three threads allocate; each child starts a thread and ends.
 *
 * expect: definite 40 blocks 280 bytes
 * expect: processes 41
 * threads
 */
#include "program.h"

#include <pthread.h>
#include <sys/wait.h>

static volatile int stop;

static void *busy(void *unused)
{
        while (!stop)
                free(block(48));
        return unused;
}

static void *worker(void *unused)
{
        lose(malloc(7));
        return unused;
}

static void child(void)
{
        pthread_t thread;

        if (pthread_create(&thread, NULL, worker, NULL) || pthread_join(thread, NULL))
                exit(1);
        scrub();
        exit(0);
}

int main(void)
{
        pthread_t threads[3];
        int failed = 0;

        for (int i = 0; i < 3; i++)
                pthread_create(&threads[i], NULL, busy, NULL);
        for (int i = 0; i < 40; i++) {
                int status;
                pid_t pid = fork();

                if (!pid)
                        child();
                waitpid(pid, &status, 0);
                failed |= status;
        }
        stop = 1;
        for (int i = 0; i < 3; i++)
                pthread_join(threads[i], NULL);
        return failed != 0;
}
