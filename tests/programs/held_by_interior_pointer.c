/* Only a pointer into the middle of a block is left: possible.
 *
 * expect: possible 1 group 1 block 100 bytes
 */
#include "program.h"

KEPT char *middle;

int main(void)
{
        middle = (char *)block(100) + 24;
        scrub();
        return 0;
}
