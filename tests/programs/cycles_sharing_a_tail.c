/* Two lost rings, both pointing at one list: two cycles; the list belongs to
 * both and is counted once.
 *
 * expect: cycle 4 blocks 160 bytes
 * expect: indirect 3 blocks 72 bytes
 * expect: cycles 2
 */
#include "program.h"

static NOINLINE void make(void)
{
        void *ring[4], *tail[3];

        for (int i = 0; i < 4; i++)
                ring[i] = block(40);
        for (int i = 0; i < 3; i++)
                tail[i] = block(24);
        put(tail[0], 0, tail[1]);
        put(tail[1], 0, tail[2]);
        for (int i = 0; i < 4; i++)
                put(ring[i], 0, ring[i ^ 1]);
        put(ring[0], 32, tail[0]);
        put(ring[2], 32, tail[0]);
}

int main(void)
{
        make();
        scrub();
        return 0;
}
