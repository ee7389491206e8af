/* vfork: the child borrows its parent's memory until it execs or exits.
 *
 * expect: definite 1 block 25 bytes
 * expect: processes 2
 */
#include "program.h"

#include <sys/wait.h>

int main(int argc, char **argv)
{
        int status;

        if (argc > 1) {
                lose(malloc(25));
                scrub();
                return 0;
        }
        if (!vfork()) {
                execl("/proc/self/exe", argv[0], "again", (char *)NULL);
                _exit(1);
        }
        wait(&status);
        if (!vfork())
                _exit(3);
        wait(&status);
        return status != 3 << 8;
}
