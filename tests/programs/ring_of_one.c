/* A lost block that points at itself is a definite leak, not a cycle.
 *
 * expect: definite 1 group 1 block 32 bytes
 */
#include "program.h"

static NOINLINE void make(void)
{
        void *a = block(32);

        put(a, 16, a);
}

int main(void)
{
        make();
        scrub();
        return 0;
}
