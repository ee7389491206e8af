/* main leaves by pthread_exit; the process ends with its last thread.
 *
 * expect: definite 1 group 1 block 88 bytes
 * threads
 */
#include "program.h"

#include <pthread.h>

static void *worker(void *unused)
{
        usleep(20000);
        lose(malloc(88));
        scrub();
        return unused;
}

int main(void)
{
        pthread_t thread;

        pthread_create(&thread, NULL, worker, NULL);
        pthread_exit(NULL);
}
