/* A thread made by clone itself, sharing all memory and the caller's thread
 * pointer, and a child process made by clone.
 *
 * expect: definite 1 block 31 bytes
 * expect: processes 2
 */
#include "program.h"

#include <sched.h>
#include <sys/mman.h>
#include <sys/wait.h>

static volatile int done;
static char *stack;

static int child(void *unused)
{
        lose(malloc(31));
        scrub();
        (void)unused;
        _exit(0);
}

static int thread(void *unused)
{
        done = 1;
        (void)unused;
        return 0;
}

int main(void)
{
        enum { STACK = 256 * 1024 };
        int status;

        stack = mmap(NULL, STACK, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (clone(thread, stack + STACK, CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD, NULL) < 0)
                return 1;
        while (!done)
                usleep(1000);
        usleep(10000);
        if (clone(child, stack + STACK, SIGCHLD, NULL) < 0)
                return 2;
        wait(&status);
        return status;
}
