/* What a process lost before exec is its leak; the new image starts afresh.
 *
 * expect: definite 2 blocks 45 bytes
 * expect: processes 2
 */
#include "program.h"

int main(int argc, char **argv)
{
        if (argc > 1) {
                lose(malloc(25));
                scrub();
                return 0;
        }
        lose(malloc(20));
        scrub();
        execl("/proc/self/exe", argv[0], "again", (char *)NULL);
        return 1;
}
