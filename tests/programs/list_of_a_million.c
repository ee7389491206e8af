/* A lost list: its head is the leak, the rest hangs from it.
 *
 * expect: definite 1 group 1 block 24 bytes
 * expect: indirect 999999 blocks 15999984 bytes
 */
#include "program.h"

static NOINLINE void make(void)
{
        void *last = block(24);

        for (int i = 1; i < 1000000; i++) {
                void *next = block(16);

                put(last, 8, next);
                last = next;
        }
}

int main(void)
{
        make();
        scrub();
        return 0;
}
