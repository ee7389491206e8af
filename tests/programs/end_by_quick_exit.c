/* quick_exit ends the program; what it lost before is known.
 *
 * expect: definite 1 group 1 block 61 bytes
 * expect: exit 4
 */
#include "program.h"

int main(void)
{
        lose(malloc(61));
        scrub();
        quick_exit(4);
}
