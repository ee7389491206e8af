/* 300 children at once.
 *
 * expect: definite 300 blocks 3000 bytes
 * expect: processes 301
 */
#include "program.h"

#include <sys/wait.h>

int main(void)
{
        int failed = 0, status;

        for (int i = 0; i < 300; i++) {
                if (!fork()) {
                        lose(malloc(10));
                        scrub();
                        exit(0);
                }
        }
        while (wait(&status) > 0)
                failed |= status;
        return failed != 0;
}
