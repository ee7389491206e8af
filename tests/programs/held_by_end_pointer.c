/* Only the end of an array is known: possible, not lost.
 *
 * expect: possible 1 group 1 block 96 bytes
 */
#include "program.h"

KEPT char *end;

int main(void)
{
        end = (char *)block(96) + 96;
        scrub();
        return 0;
}
