/* A block that the program ignores is no leak, by its start or from inside,
 * nor is what it holds; once released, its address is like any other.
 *
 * expect: definite 1 block 5000 bytes
 */
#include "program.h"

void __lsan_ignore_object(const void *) __attribute__((weak));

static void ignore(const void *address)
{
        if (__lsan_ignore_object)
                __lsan_ignore_object(address);
}

static NOINLINE void make(void)
{
        char *holder = block(64), *large = block(100000), *again;

        put(holder, 8, block(40));
        ignore(holder);
        ignore(large + 77777);
        ignore(NULL);
        ignore(&holder);
        again = block(5000);
        ignore(again);
        free(again);
        lose(block(5000)); /* most likely in the very place */
}

int main(void)
{
        make();
        scrub();
        return 0;
}
