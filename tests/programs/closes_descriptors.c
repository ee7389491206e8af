/* Descriptors look as they would without weir: none is taken, none is left.
 *
 * expect: stdout 3
 * expect: definite 1 block 18 bytes
 */
#include "program.h"

#include <fcntl.h>

int main(void)
{
        int fd = open("/dev/null", O_RDONLY);

        printf("%d\n", fd);
        fflush(stdout);
        for (int i = 3; i < 1024; i++)
                close(i);
        lose(malloc(18));
        scrub();
        return 0;
}
