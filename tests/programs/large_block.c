/* A block so large that malloc maps it is counted once, as a block.
 *
 * expect: definite 1 group 1 block 5000000 bytes
 * expect: reachable 1 block 7000000 bytes
 */
#include "program.h"

KEPT void *held;

int main(void)
{
        held = opaque(malloc(7000000));
        lose(malloc(5000000));
        scrub();
        return 0;
}
