/* new T[0] of a class with a destructor gives a pointer past its 8-byte block:
 * it is held.
 *
 * expect: reachable 1..2 blocks
 * expect: possible 0..1 blocks 0..8 bytes
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
        elements = new element[(size_t)opaque(nullptr)];
        scrub();
        return 0;
}
