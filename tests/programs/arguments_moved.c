/* The program moves its arguments and its environment away, as those do that write
 * their title there, and forks.
 *
 * expect: definite 2 blocks 200 bytes
 * expect: processes 4..
 */
#include "program.h"

#include <sys/mman.h>
#include <sys/wait.h>

/* Memory that is gone again. */
static char *gone(void)
{
        char *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

        munmap(page, 4096);
        return page;
}

int main(int argc, char **argv)
{
        int status = 0;

        if (argc == 1) {
                execl(argv[0], argv[0], "one", "two", "three", (char *)NULL);
                return 1;
        }
        clearenv();
        memset(argv[0], 'x', strlen(argv[0]));
        argv[1] = gone();
        argv[2] = NULL;
        argv[3] = gone() + 4096;
        if (fork() == 0)
                argv[0] = gone();
        else
                wait(&status);
        if (fork() == 0) {
                lose(block(100));
                scrub();
                return 0;
        }
        wait(&status);
        return status;
}
