/* A ring linked through members in the middle of its blocks is a cycle too.
 *
 * expect: cycle 1 group 5 blocks 320 bytes
 */
#include "program.h"

static NOINLINE void make(void)
{
        char *blocks[5];

        for (int i = 0; i < 5; i++)
                blocks[i] = block(64);
        for (int i = 0; i < 5; i++)
                put(blocks[i], 24, blocks[(i + 1) % 5] + 24);
}

int main(void)
{
        make();
        scrub();
        return 0;
}
