/* A new image with an environment that names nothing is traced all the same.
 *
 * expect: definite 1 block 25 bytes
 * expect: processes 2
 */
#include "program.h"

int main(int argc, char **argv)
{
        char *again[] = { argv[0], "again", NULL }, *environment[] = { "A=1", NULL };

        if (argc > 1) {
                lose(malloc(25));
                scrub();
                return 0;
        }
        execve("/proc/self/exe", again, environment);
        return 1;
}
