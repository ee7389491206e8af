/* _exit ends the program; what it lost before is known.
 *
 * expect: definite 1 group 1 block 61 bytes
 * expect: exit 3
 */
#include "program.h"

int main(void)
{
        lose(malloc(61));
        scrub();
        _exit(3);
}
