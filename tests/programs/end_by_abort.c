/* abort: the heap is looked at before the process dies.
 *
 * expect: definite 1 group 1 block 62 bytes
 * expect: signal 6
 */
#include "program.h"

int main(void)
{
        lose(malloc(62));
        scrub();
        abort();
}
