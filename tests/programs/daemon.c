/* A daemon: forks twice, closes every descriptor, leaks, and ends after the
 * command has.
 *
 * expect: definite 1 group 1 block 111 bytes
 * expect: processes 3
 * options: --wait=20
 */
#include "program.h"

#include <sys/stat.h>
#include <sys/wait.h>

int main(void)
{
        if (fork()) {
                wait(NULL);
                return 0;
        }
        setsid();
        if (fork())
                _exit(0);
        umask(0);
        if (chdir("/"))
                return 1;
        for (int fd = 0; fd < 1024; fd++)
                close(fd);
        closefrom(0);
        usleep(200000);
        lose(malloc(111));
        scrub();
        return 0;
}
