/* A thread that is not the first calls exit; the first one's frames live.
 *
 * expect: reachable 1.. blocks
 * expect: exit 5
 * threads
 */
#include "program.h"

#include <pthread.h>

static void *worker(void *unused)
{
        exit(5);
        return unused;
}

int main(void)
{
        void *volatile local = block(70);
        pthread_t thread;

        opaque(local);
        pthread_create(&thread, NULL, worker, NULL);
        for (;;)
                pause();
}
