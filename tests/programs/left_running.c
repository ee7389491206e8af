/* A process that outlives the command is looked at while it runs, and runs on.
 *
 * expect: definite 1 group 1 block 112 bytes
 * expect: processes 2
 * options: --wait=0
 */
#include "program.h"

#include <signal.h>

int main(void)
{
        int ready[2];
        char byte;

        if (pipe(ready))
                return 1;
        if (!fork()) {
                lose(malloc(112));
                scrub();
                (void)!write(ready[1], "x", 1);
                /* Standard output is the harness's pipe. */
                close(0), close(1), close(2);
                sleep(2);
                _exit(0);
        }
        return read(ready[0], &byte, 1) != 1;
}
