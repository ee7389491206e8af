/* Two lost blocks hold a third: two leaks and one block shared by them.
 *
 * expect: definite 2 blocks 112 bytes
 * expect: indirect 1 block 8 bytes
 */
#include "program.h"

static NOINLINE void make(void)
{
        void *a = block(48), *b = block(64), *shared = block(8);

        put(a, 0, shared);
        put(b, 0, shared);
}

int main(void)
{
        make();
        scrub();
        return 0;
}
