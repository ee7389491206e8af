/* SIGFPE.
 *
 * expect: definite 1 group 1 block 64 bytes
 * expect: signal 8
 */
#include "program.h"

int main(void)
{
        lose(malloc(64));
        scrub();
        return 100 / (volatile int){ (int)(uintptr_t)opaque(NULL) };
}
