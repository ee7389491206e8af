/* The same work under whatever allocator the program is linked with.
 *
 * expect: definite 1 group 1 block 1000 bytes
 * expect: cycle 1 group 2 blocks 96 bytes
 * expect: indirect 1 block 500 bytes
 * threads
 */
#include "program.h"

#include <pthread.h>

static void *kept[1000];

static void *worker(void *unused)
{
        for (int i = 0; i < 20000; i++)
                free(opaque(realloc(block(1 + (size_t)i % 3000), (size_t)i % 5000 + 1)));
        return unused;
}

static NOINLINE void make(void)
{
        void *a = block(48), *b = block(48), *leak = block(1000);

        put(a, 0, b);
        put(b, 40, a);
        put(leak, 992, block(500));
}

int main(void)
{
        pthread_t threads[2];

        for (int i = 0; i < 2; i++)
                pthread_create(&threads[i], NULL, worker, NULL);
        for (int i = 0; i < 1000; i++)
                kept[i] = block((size_t)i * 7 + 1);
        for (int i = 0; i < 2; i++)
                pthread_join(threads[i], NULL);
        for (int i = 0; i < 1000; i += 2) {
                free(kept[i]);
                kept[i] = NULL;
        }
        make();
        scrub();
        return 0;
}
