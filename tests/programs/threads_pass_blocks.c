/* Blocks allocated by one thread and freed by another, as fast as they go:
 * every address is used again and again, and the counts balance.
 *
 * expect: definite 0 blocks
 * threads
 */
#include "program.h"

#include <pthread.h>
#include <stdatomic.h>

enum { SLOTS = 64, ROUNDS = 100000 };

static _Atomic(void *) slots[SLOTS];

static void *worker(void *seed)
{
        unsigned state = (unsigned)(uintptr_t)seed;

        for (int i = 0; i < ROUNDS; i++) {
                state = state * 1103515245 + 12345;
                free(atomic_exchange(&slots[(state >> 16) % SLOTS], block(16 + (state >> 24))));
        }
        return NULL;
}

int main(void)
{
        pthread_t threads[4];

        for (int i = 0; i < 4; i++)
                pthread_create(&threads[i], NULL, worker, (void *)(uintptr_t)(i + 1));
        for (int i = 0; i < 4; i++)
                pthread_join(threads[i], NULL);
        for (int i = 0; i < SLOTS; i++)
                free(slots[i]);
        return 0;
}
