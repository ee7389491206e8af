/* posix_spawn, posix_spawnp and a spawn that fails.
 *
 * expect: definite 2 blocks 50 bytes
 * expect: processes 3..4
 */
#include "program.h"

#include <spawn.h>
#include <sys/wait.h>

int main(int argc, char **argv)
{
        char *again[] = { argv[0], "again", NULL }, *empty[] = { NULL };
        pid_t pid;
        int status;

        if (argc > 1) {
                lose(malloc(25));
                scrub();
                return 0;
        }
        if (posix_spawn(&pid, "/proc/self/exe", NULL, NULL, again, empty))
                return 1;
        waitpid(pid, &status, 0);
        if (posix_spawnp(&pid, "/proc/self/exe", NULL, NULL, again, environ))
                return 2;
        waitpid(pid, &status, 0);
        return posix_spawn(&pid, "/nonexistent/program", NULL, NULL, again, environ) == 0;
}
