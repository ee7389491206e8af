/* Two lost blocks that point at each other are one cycle.
 *
 * expect: cycle 1 group 2 blocks 64 bytes
 */
#include "program.h"

static NOINLINE void make(void)
{
        void *a = block(24), *b = block(40);

        put(a, 8, b);
        put(b, 0, a);
}

int main(void)
{
        make();
        scrub();
        return 0;
}
