/* Signals land in the middle of allocations, thousands of times.
 *
 * expect: definite 0 blocks
 * expect: stdout done
 */
#include "program.h"

#include <signal.h>
#include <sys/time.h>

static volatile int count;

static void handler(int signal)
{
        (void)signal;
        count++;
}

int main(void)
{
        struct sigaction action = { .sa_handler = handler, .sa_flags = SA_RESTART };
        struct itimerval every = { { 0, 200 }, { 0, 200 } };

        sigaction(SIGALRM, &action, NULL);
        setitimer(ITIMER_REAL, &every, NULL);
        while (count < 1000)
                free(block(32));
        setitimer(ITIMER_REAL, &(struct itimerval){ 0 }, NULL);
        puts("done");
        return 0;
}
