/* Threads that come and go by the thousand, each losing a block.
 *
 * expect: definite 1 group 4000 blocks 48000 bytes
 * threads
 */
#include "program.h"

#include <pthread.h>

static NOINLINE void *worker(void *unused)
{
        free(block(100));
        lose(malloc(12));
        return unused;
}

int main(void)
{
        for (int i = 0; i < 1000; i++) {
                pthread_t threads[4];

                for (int j = 0; j < 4; j++)
                        if (pthread_create(&threads[j], NULL, worker, NULL))
                                return 1;
                for (int j = 0; j < 4; j++)
                        pthread_join(threads[j], NULL);
        }
        scrub();
        return 0;
}
