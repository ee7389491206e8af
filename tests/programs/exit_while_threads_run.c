/* The program ends while other threads allocate and free.
 *
 * expect: definite 1 group 1 block 123 bytes
 * threads
 */
#include "program.h"

#include <pthread.h>

static void *worker(void *unused)
{
        for (;;)
                free(block(64));
        return unused;
}

int main(void)
{
        pthread_t thread;

        for (int i = 0; i < 3; i++)
                pthread_create(&thread, NULL, worker, NULL);
        usleep(50000);
        lose(malloc(123));
        scrub();
        return 0;
}
