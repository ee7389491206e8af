/* SIGTERM, as a service gets it.
 *
 * expect: definite 1 group 1 block 65 bytes
 * expect: signal 15
 */
#include "program.h"

#include <signal.h>

int main(void)
{
        lose(malloc(65));
        scrub();
        kill(getpid(), SIGTERM);
        for (;;)
                pause();
}
