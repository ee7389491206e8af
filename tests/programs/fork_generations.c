/* Five generations, each losing a block; every one is counted once.
 *
 * expect: definite 5 blocks 5 bytes
 * expect: processes 5
 */
#include "program.h"

#include <sys/wait.h>

static NOINLINE void make(void)
{
        lose(malloc(1));
}

int main(void)
{
        for (int i = 0; i < 5; i++) {
                int status;
                pid_t child;

                make();
                if (i == 4)
                        break;
                child = fork();
                if (child) {
                        wait(&status);
                        scrub();
                        exit(status);
                }
        }
        scrub();
        return 0;
}
