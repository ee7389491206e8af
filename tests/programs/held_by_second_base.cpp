/* An object known only by its second base class is not lost.
 *
 * expect: reachable 1..2 blocks
 */
#include "program.h"

struct first {
        virtual ~first() = default;
        long a = 1;
};
struct second {
        virtual ~second() = default;
        long b = 2;
};
struct both : first, second {
};

KEPT second *held;

int main()
{
        held = new both;
        opaque(held);
        scrub();
        return 0;
}
