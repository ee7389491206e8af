/* A signal handler, on its own stack, allocates and loses.
 *
 * expect: definite 1 group 10 blocks 130 bytes
 */
#include "program.h"

#include <signal.h>

static void handler(int signal)
{
        (void)signal;
        free(block(100));
        lose(malloc(13));
}

int main(void)
{
        struct sigaction action = { .sa_handler = handler, .sa_flags = SA_ONSTACK };
        static char stack[65536];

        sigaltstack(&(stack_t){ .ss_sp = stack, .ss_size = sizeof stack }, NULL);
        sigaction(SIGUSR1, &action, NULL);
        for (int i = 0; i < 10; i++)
                raise(SIGUSR1);
        memset(stack, 0, sizeof stack);
        scrub();
        return 0;
}
