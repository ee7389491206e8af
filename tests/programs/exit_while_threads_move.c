/* The program ends while other threads grow and shrink the vectors that hold
 * their blocks: whatever moment it is stopped at, nothing they hold is lost.
 *
 * expect: definite 1 group 1 block 123 bytes
 * threads
 */
#include "program.h"

#include <pthread.h>

enum { THREADS = 3, HELD = 64 };

static void **held[THREADS];

static void *worker(void *argument)
{
        void ***vector = argument;

        for (size_t size = HELD;; size = size > 30000 ? HELD : size * 3) {
                void **moved = realloc(*vector, size * sizeof *moved);

                if (moved)
                        *vector = moved;
        }
        return NULL;
}

int main(void)
{
        pthread_t thread;

        for (int i = 0; i < THREADS; i++) {
                held[i] = malloc(HELD * sizeof *held[i]);
                for (int k = 0; k < HELD; k++)
                        held[i][k] = malloc(77);
                pthread_create(&thread, NULL, worker, &held[i]);
        }
        usleep(50000);
        lose(malloc(123));
        scrub();
        return 0;
}
