/* Jumping out of a signal handler that interrupted one of the functions that
 * are watched: what the thread does afterwards is recorded, and nothing waits
 * for the record that the function had begun.
 *
 * expect: definite 400 blocks 6800 bytes
 */
#include "program.h"

#include <setjmp.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/time.h>

enum { JUMPS = 400 };

static sigjmp_buf back;

static void handler(int signal)
{
        (void)signal;
        siglongjmp(back, 1);
}

int main(void)
{
        struct itimerval once = { { 0, 0 }, { 0, 300 } };
        static volatile int jumps;
        static char *hole;

        hole = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        munmap(hole, 4096);
        signal(SIGALRM, handler);
        while (jumps < JUMPS) {
                if (sigsetjmp(back, 1)) {
                        jumps++;
                        lose(malloc(17));
                } else {
                        setitimer(ITIMER_REAL, &once, NULL);
                        for (;;)
                                munmap(hole, 4096); /* of nothing: always succeeds */
                }
        }
        scrub();
        return 0;
}
