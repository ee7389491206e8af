/* Blocks of no bytes are blocks: held, and lost.
 *
 * expect: reachable 1 block 0 bytes
 * expect: definite 2 blocks 0 bytes
 */
#include "program.h"

KEPT void *held;

static NOINLINE void make(void)
{
        lose(malloc(0));
        lose(calloc(0, 8));
}

int main(void)
{
        held = opaque(malloc(0));
        make();
        scrub();
        return 0;
}
