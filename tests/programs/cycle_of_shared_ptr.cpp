/* Two objects that own each other by shared_ptr: three blocks (an object with
 * its control block apart, and both in one from make_shared), one cycle.
 *
 * expect: cycle 1 group 3 blocks 72 bytes
 * expect: type node
 * expect: type std::shared_ptr<node> (object, counts)
 * expect: field other
 * expect: advice make node::other a std::weak_ptr
 */
#include "program.h"

#include <memory>

struct node {
        std::shared_ptr<node> other;
};

static NOINLINE void make()
{
        std::shared_ptr<node> a(new node);
        auto b = std::make_shared<node>();

        a->other = b;
        b->other = a;
        opaque(a.get());
}

int main()
{
        make();
        scrub();
        return 0;
}
