/* What a global variable leads to is no leak.
 *
 * expect: reachable 3 blocks 72 bytes
 */
#include "program.h"

KEPT void *initialised = &initialised, *zeroed;

int main(void)
{
        initialised = block(24);
        zeroed = block(24);
        put(zeroed, 16, block(24));
        return 0;
}
