/* A lost ring of RING blocks of 16 bytes. */
#include "program.h"

static NOINLINE void make(void)
{
        void *first = block(16), *last = first;

        for (int i = 1; i < RING; i++) {
                void *next = block(16);

                put(last, 8, next);
                last = next;
        }
        put(last, 8, first);
}

int main(void)
{
        make();
        scrub();
        return 0;
}
