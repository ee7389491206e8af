/* Root becomes nobody; so does its child.
 *
 * expect: definite 2 blocks 26 bytes
 * expect: processes 2
 * needs: root
 */
#include "program.h"

#include <grp.h>
#include <sys/wait.h>

static NOINLINE void make(void)
{
        lose(malloc(13));
}

int main(void)
{
        int status;

        if (setgroups(0, NULL) || setgid(65534) || setuid(65534))
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
