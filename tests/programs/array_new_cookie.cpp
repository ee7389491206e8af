/* new T[n] of a class with a destructor: the pointer lies 8 bytes into the
 * block, behind the count.
 *
 * expect: reachable 1..2 blocks
 */
#include "program.h"

struct element {
        ~element()
        {
                opaque(this);
        }
        long value;
};

KEPT element *elements;

int main()
{
        elements = new element[(size_t)opaque((void *)10)];
        scrub();
        return 0;
}
