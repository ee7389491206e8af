/* Recursion without end: the process dies of SIGSEGV as it would alone.
 *
 * expect: signal 11
 * expect: definite 0..1 blocks
 * expect: unknown 0.. blocks
 * maybe incomplete
 */
#include "program.h"

static NOINLINE int deeper(volatile char *above)
{
        volatile char here[1000];

        here[0] = above[0];
        return deeper(here) + here[0];
}

int main(void)
{
        lose(malloc(67));
        return deeper((volatile char[1]){ 0 });
}
