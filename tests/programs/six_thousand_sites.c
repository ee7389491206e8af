/* 6000 places that each lose a block are 6000 leaks.
 *
 * expect: definite 6000 groups 6000 blocks 60000 bytes
 */
#include "program.h"

#define ONE      lose(malloc(10));
#define TEN      ONE ONE ONE ONE ONE ONE ONE ONE ONE ONE
#define HUNDRED  TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN
#define THOUSAND HUNDRED HUNDRED HUNDRED HUNDRED HUNDRED HUNDRED HUNDRED HUNDRED HUNDRED HUNDRED

#define SITES(name)                       \
        static NOINLINE void name(void)   \
        {                                 \
                THOUSAND                  \
        }

SITES(first)
SITES(second)
SITES(third)
SITES(fourth)
SITES(fifth)
SITES(sixth)

int main(void)
{
        first();
        second();
        third();
        fourth();
        fifth();
        sixth();
        scrub();
        return 0;
}
