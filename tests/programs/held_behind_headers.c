/* Pointers behind a header that a rule explains hold a block: a header that a
 * whole site has, a length, and what came of aligning by hand.  A few interior
 * pointers, and a length that is none, do not.
 *
 * expect: reachable 28 blocks
 * expect: possible 2 groups 4 blocks 1302 bytes
 * expect: weak held only by a pointer to its inside in global data
 */
#include "program.h"

enum { HEADER = 24, MANY = 20, FEW = 3 };

KEPT char *many[MANY], *few[FEW], *lengths[4], *no_length, *aligned[4];

static NOINLINE void *with_header(size_t size)
{
        return (char *)block(size + HEADER) + HEADER;
}

static NOINLINE void *with_length(size_t size, size_t length)
{
        char *p = block(size + 8);

        memcpy(p, &length, sizeof length);
        return p + 8;
}

static NOINLINE void *by_hand(size_t size)
{
        char *p = block(size + 128), *start = (char *)(((uintptr_t)p + 128) & ~(uintptr_t)63);

        memcpy(start - 8, &p, sizeof p);
        return start;
}

int main(void)
{
        for (int i = 0; i < MANY; i++)
                many[i] = with_header(40);
        for (int i = 0; i < FEW; i++)
                few[i] = (char *)block(400) + 72;
        for (int i = 0; i < 4; i++)
                lengths[i] = with_length(30 + i, 30 + i);
        no_length = with_length(94, 11);
        for (int i = 0; i < 4; i++)
                aligned[i] = by_hand(256);
        scrub();
        return 0;
}
