/* Thread-local variables, of the main thread and of another that lives on,
 * hold their blocks.
 *
 * expect: reachable 2.. blocks
 * threads
 */
#include "program.h"

#include <pthread.h>

KEPT __thread void *local;
static pthread_barrier_t ready;

static void *other(void *unused)
{
        local = block(1000);
        pthread_barrier_wait(&ready);
        for (;;)
                pause();
        return unused;
}

int main(void)
{
        pthread_t thread;

        local = block(1000);
        pthread_barrier_init(&ready, NULL, 2);
        pthread_create(&thread, NULL, other, NULL);
        pthread_barrier_wait(&ready);
        scrub();
        return 0;
}
