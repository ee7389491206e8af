/* A child made by the system call itself, past libc's fork.
 *
 * expect: definite 2 blocks 60 bytes
 * expect: processes 2
 */
#include "program.h"

#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>

static NOINLINE void make(void)
{
        lose(malloc(30));
}

int main(void)
{
        int status;

        make();
        if (!syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0)) {
                make();
                scrub();
                exit(0);
        }
        wait(&status);
        scrub();
        return status;
}
