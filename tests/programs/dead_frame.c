/* A pointer that a finished call left on the stack holds nothing.
 *
 * expect: definite 1 group 1 block 80 bytes
 */
#include "program.h"

static NOINLINE void make(void)
{
        void *volatile copies[200];

        copies[0] = block(80);
        for (int i = 1; i < 200; i++)
                copies[i] = copies[0];
        opaque((void *)copies[199]);
}

int main(void)
{
        make();
        return 0;
}
