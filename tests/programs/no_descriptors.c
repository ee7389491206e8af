/* Under RLIMIT_NOFILE with every descriptor in use: a child, and a new image.
 *
 * expect: definite 3 blocks 48 bytes
 * expect: processes 3
 */
#include "program.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/wait.h>

static NOINLINE void make(void)
{
        lose(malloc(16));
}

int main(int argc, char **argv)
{
        struct rlimit limit = { 16, 16 };
        int status;

        make();
        scrub();
        if (argc > 1)
                return 0;
        if (setrlimit(RLIMIT_NOFILE, &limit))
                return 1;
        while (open("/dev/null", O_RDONLY | O_CLOEXEC) >= 0)
                ;
        if (!fork()) {
                make();
                scrub();
                execl("/proc/self/exe", argv[0], "again", (char *)NULL);
                exit(9);
        }
        wait(&status);
        return status != 0;
}
