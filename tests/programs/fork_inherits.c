/* A child's inherited blocks are not its leaks; what it loses itself is one.
 *
 * expect: definite 2 blocks 99 bytes
 * expect: processes 2
 */
#include "program.h"

#include <sys/wait.h>

static NOINLINE void make(size_t size)
{
        lose(malloc(size));
}

int main(void)
{
        int status;

        make(55);
        scrub();
        if (!fork()) {
                make(44);
                scrub();
                exit(0);
        }
        wait(&status);
        return status;
}
