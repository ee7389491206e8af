/* The program sees the signal dispositions it would see without weir.
 *
 * expect: stdout default
 */
#include "program.h"

#include <signal.h>

static void handler(int signal)
{
        (void)signal;
}

int main(void)
{
        static const int signals[] = { SIGSEGV, SIGABRT, SIGTERM, SIGINT, SIGBUS, SIGFPE, SIGHUP, SIGUSR1, SIGPIPE };

        for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++) {
                struct sigaction old;

                if (sigaction(signals[i], NULL, &old) || old.sa_handler != SIG_DFL)
                        return (int)i + 1;
                if (signal(signals[i], handler) != SIG_DFL)
                        return (int)i + 51;
                if (signal(signals[i], SIG_DFL) != handler)
                        return (int)i + 101;
        }
        puts("default");
        return 0;
}
