/* Jumping out of a signal handler, over the frames it interrupted.
 *
 * expect: definite 1 group 1 block 17 bytes
 */
#include "program.h"

#include <setjmp.h>
#include <signal.h>

static sigjmp_buf back;

static void handler(int signal)
{
        (void)signal;
        free(block(10));
        siglongjmp(back, 1);
}

int main(void)
{
        static volatile int rounds;

        signal(SIGSEGV, handler);
        if (sigsetjmp(back, 1) == 0 || rounds < 50) {
                rounds++;
                *(volatile int *)opaque(NULL) = 1;
        }
        lose(malloc(17));
        scrub();
        return 0;
}
