/* A leak's stack names functions, with inlined ones, file and line.
 *
 * expect: definite 1 group 1 block 71 bytes
 * expect: function outer_function
 * expect: function main
 * expect: file lost_names.c
 */
#include "program.h"

static inline __attribute__((always_inline)) void inlined_function(void)
{
        lose(malloc(71));
}

static NOINLINE void outer_function(void)
{
        inlined_function();
        scrub();
}

int main(void)
{
        outer_function();
        return 0;
}
