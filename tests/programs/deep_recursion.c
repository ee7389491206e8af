/* A leak at the bottom of a thousand calls, and frees on the way up.
 *
 * expect: definite 1 group 1 block 21 bytes
 */
#include "program.h"

static NOINLINE void descend(int n)
{
        void *p = block(16);

        if (n)
                descend(n - 1);
        else
                lose(malloc(21));
        free(opaque(p));
}

int main(void)
{
        descend(1000);
        scrub();
        return 0;
}
