/* A program may ask at any time whether it leaks, and is told; its own end is
 * reported as if it had not asked.
 *
 * expect: definite 2 blocks 300 bytes
 */
#include "../../preload/weir.h"
#include "program.h"

#include <pthread.h>

int __lsan_do_recoverable_leak_check(void) __attribute__((weak));

static NOINLINE void make(size_t size)
{
        lose(block(size));
}

static void *asks(void *unused)
{
        for (int i = 0; i < 5; i++)
                if (weir_check(NULL) != 1)
                        exit(3);
        return unused;
}

int main(void)
{
        struct weir_leaks leaks = { 0 };
        pthread_t threads[2];

        if (!weir_is_here())
                return weir_check(&leaks) != -1;
        if (weir_check(&leaks) != 0 || leaks.leaks || __lsan_do_recoverable_leak_check())
                return 1;
        make(100);
        scrub();
        if (weir_check(&leaks) != 1 || leaks.leaks != 1 || leaks.blocks != 1 || leaks.bytes != 100)
                return 2;
        if (!__lsan_do_recoverable_leak_check())
                return 4;
        for (int i = 0; i < 2; i++)
                pthread_create(&threads[i], NULL, asks, NULL);
        for (int i = 0; i < 2; i++)
                pthread_join(threads[i], NULL);
        make(200);
        scrub();
        return 0;
}
