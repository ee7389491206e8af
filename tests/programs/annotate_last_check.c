/* __lsan_do_leak_check is the check that counts: what is lost later is not told,
 * and what was lost then is, whatever becomes of it.  It counts also where there
 * is to be none at the end.
 *
 * expect: definite 2 blocks 300 bytes
 */
#include "program.h"

#include <signal.h>

void __lsan_do_leak_check(void) __attribute__((weak));

const char *__lsan_default_options(void)
{
        return "leak_check_at_exit=0";
}

KEPT uintptr_t disguised;

static NOINLINE void make(size_t size)
{
        void *p = block(size);

        if (size == 200)
                disguised = ~(uintptr_t)p;
}

int main(void)
{
        make(100);
        make(200);
        scrub();
        if (__lsan_do_leak_check)
                __lsan_do_leak_check();
        free((void *)~disguised);
        make(400);
        scrub();
        return 0;
}
