/* Another thread faults.
 *
 * expect: definite 1 group 1 block 63 bytes
 * expect: signal 11
 * threads
 */
#include "program.h"

#include <pthread.h>

static void *worker(void *unused)
{
        *(volatile int *)opaque(unused) = 1;
        return NULL;
}

int main(void)
{
        pthread_t thread;

        lose(malloc(63));
        scrub();
        pthread_create(&thread, NULL, worker, NULL);
        pthread_join(thread, NULL);
        return 0;
}
