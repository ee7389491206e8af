/* A program's own suppressions hold for it, without a file.
 *
 * expect: definite 1 block 200 bytes
 */
#include "program.h"

const char *__lsan_default_suppressions(void)
{
        return "# the program's own\nleak:known_leak\n";
}

NOINLINE void known_leak(void)
{
        void *p = block(100);

        put(p, 8, block(50));
        lose(p);
}

NOINLINE void other_leak(void)
{
        lose(block(200));
}

int main(void)
{
        known_leak();
        other_leak();
        scrub();
        return 0;
}
