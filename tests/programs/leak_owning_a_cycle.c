/* S -> M <-> K in all six orders of their addresses: S is the leak, M and K are
 * its own, whatever lies first.
 *
 * expect: definite 6 blocks 384 bytes
 * expect: indirect 12 blocks 768 bytes
 */
#include "program.h"

static int by_address(const void *a, const void *b)
{
        uintptr_t x = *(const uintptr_t *)a, y = *(const uintptr_t *)b;

        return (x > y) - (x < y);
}

static NOINLINE void make(const int order[3])
{
        void *blocks[3];

        for (int i = 0; i < 3; i++)
                blocks[i] = block(64);
        qsort(blocks, 3, sizeof blocks[0], by_address);
        put(blocks[order[0]], 0, blocks[order[1]]);
        put(blocks[order[1]], 8, blocks[order[2]]);
        put(blocks[order[2]], 16, blocks[order[1]]);
}

int main(void)
{
        static const int orders[6][3] = { { 0, 1, 2 }, { 0, 2, 1 }, { 1, 0, 2 }, { 1, 2, 0 }, { 2, 0, 1 }, { 2, 1, 0 } };

        for (int i = 0; i < 6; i++)
                make(orders[i]);
        scrub();
        return 0;
}
