/* exit does not return: the variables of its callers hold their blocks.
 *
 * expect: reachable 1.. blocks
 */
#include "program.h"

static NOINLINE void leave(void *volatile *local)
{
        opaque((void *)local);
        exit(0);
}

int main(void)
{
        void *volatile local = block(56);

        leave(&local);
        return 0;
}
