/* After chroot to an empty directory, in the process and in its child.
 *
 * expect: definite 2 blocks 24 bytes
 * expect: processes 2
 * needs: root
 */
#include "program.h"

#include <sys/wait.h>

static NOINLINE void make(void)
{
        lose(malloc(12));
}

int main(void)
{
        char directory[] = "/tmp/weir-chroot-XXXXXX";
        int status;

        if (!mkdtemp(directory) || chdir(directory) || rmdir(directory) || chroot("."))
                return 1;
        make();
        if (!fork()) {
                make();
                scrub();
                exit(0);
        }
        wait(&status);
        scrub();
        return status;
}
