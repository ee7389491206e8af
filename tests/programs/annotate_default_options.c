/* A program that switches leak detection off for itself has no leaks.
 *
 * expect: processes 1
 */
#include "program.h"

const char *__lsan_default_options(void)
{
        return "verbosity=0:detect_leaks=0";
}

static NOINLINE void make(void)
{
        lose(block(100));
}

int main(void)
{
        make();
        scrub();
        return 0;
}
