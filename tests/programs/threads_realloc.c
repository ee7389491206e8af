/* Four threads realloc in one arena: no address is ever live twice.
 *
 * expect: definite 0 blocks
 * env: MALLOC_ARENA_MAX=1
 * threads
 */
#include "program.h"

#include <pthread.h>

static void *worker(void *unused)
{
        for (int i = 0; i < 20000; i++) {
                void *p = opaque(malloc(24));

                p = opaque(realloc(p, 200));
                p = opaque(realloc(p, 20));
                free(p);
        }
        return unused;
}

int main(void)
{
        pthread_t threads[4];

        for (int i = 0; i < 4; i++)
                pthread_create(&threads[i], NULL, worker, NULL);
        for (int i = 0; i < 4; i++)
                pthread_join(threads[i], NULL);
        return 0;
}
