/* A thread that is not the first replaces the image.
 *
 * expect: definite 2 blocks 45 bytes
 * expect: processes 2
 * threads
 */
#include "program.h"

#include <pthread.h>

static void *worker(void *name)
{
        execl("/proc/self/exe", (char *)name, "again", (char *)NULL);
        return NULL;
}

int main(int argc, char **argv)
{
        pthread_t thread;

        if (argc > 1) {
                lose(malloc(25));
                scrub();
                return 0;
        }
        lose(malloc(20));
        scrub();
        pthread_create(&thread, NULL, worker, argv[0]);
        for (;;)
                pause();
}
