/* pvalloc rounds up to whole pages; the block is at least what was asked for.
 *
 * expect: definite 1 group 1 block 100..4096 bytes
 */
#include "program.h"

#include <malloc.h>

#pragma GCC diagnostic ignored "-Wdeprecated-declarations"

int main(void)
{
        lose(pvalloc(100));
        scrub();
        return 0;
}
