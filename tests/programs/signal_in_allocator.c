/* Signals land in the allocator and in what watches it; what their handler maps
 * there is recorded like anything else.
 *
 * expect: definite 290..300 blocks
 * expect: possible 0..10 blocks
 * expect: function handler
 */
#include "program.h"

#include <signal.h>
#include <sys/mman.h>
#include <sys/time.h>

enum { MAPPINGS = 300 };

static volatile int count;

static void handler(int signal)
{
        (void)signal;
        if (count < MAPPINGS && opaque(mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)) != MAP_FAILED)
                count++;
}

int main(void)
{
        struct sigaction action = { .sa_handler = handler, .sa_flags = SA_RESTART };
        struct itimerval every = { { 0, 200 }, { 0, 200 } };

        sigaction(SIGALRM, &action, NULL);
        setitimer(ITIMER_REAL, &every, NULL);
        while (count < MAPPINGS)
                free(block(32));
        setitimer(ITIMER_REAL, &(struct itimerval){ 0 }, NULL);
        scrub();
        return 0;
}
