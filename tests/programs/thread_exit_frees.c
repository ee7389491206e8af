/* Frees after a thread's end began: in destructors of its keys, of its
 * thread-local data, and by others after it is gone.
 *
 * expect: definite 1 group 8 blocks 72 bytes
 * threads
 */
#include "program.h"

#include <pthread.h>

static pthread_key_t key;
static void *left_behind[8];

static void destroy(void *value)
{
        free(value);
        lose(malloc(9));
}

static void *worker(void *slot)
{
        pthread_setspecific(key, block(50));
        *(void **)slot = block(60);
        return NULL;
}

int main(void)
{
        pthread_key_create(&key, destroy);
        for (int i = 0; i < 8; i++) {
                pthread_t thread;

                if (pthread_create(&thread, NULL, worker, &left_behind[i]))
                        return 1;
                pthread_join(thread, NULL);
                free(left_behind[i]);
                left_behind[i] = NULL;
        }
        scrub();
        return 0;
}
