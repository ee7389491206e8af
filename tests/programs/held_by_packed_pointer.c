/* A pointer at an odd offset of a packed struct: possible.
 *
 * expect: reachable 1 block 32 bytes
 * expect: possible 1 group 1 block 40 bytes
 */
#include "program.h"

KEPT void *packed;

int main(void)
{
        packed = block(32);
        put(packed, 3, block(40));
        scrub();
        return 0;
}
