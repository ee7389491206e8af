/* A segmentation fault: the heap is looked at before the process dies.
 *
 * expect: definite 1 group 1 block 63 bytes
 * expect: signal 11
 */
#include "program.h"

int main(void)
{
        lose(malloc(63));
        scrub();
        *(volatile int *)opaque(NULL) = 1;
        return 0;
}
