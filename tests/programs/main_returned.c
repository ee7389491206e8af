/* What only main's variables held is lost once main has returned.
 *
 * expect: definite 1 group 1 block 56 bytes
 */
#include "program.h"

int main(void)
{
        void *volatile local = block(56);

        put(local, 0, (void *)1);
        return 0;
}
