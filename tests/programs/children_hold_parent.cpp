/* Children that hold their parent by shared_ptr.  One pointer alone ends the
 * cycle, the one to the array of children; what mends it is the children's.
 *
 * expect: cycle 1 group 5 blocks
 * expect: type std::shared_ptr<node> (object, counts)
 * expect: field children
 * expect: field parent
 * expect: advice make node::parent a std::weak_ptr
 * expect: cut alike
 * expect: cut ends
 */
#include "program.h"

#include <memory>
#include <vector>

struct node {
        std::vector<std::shared_ptr<node>> children;
        std::shared_ptr<node> parent;
};

static NOINLINE void make()
{
        auto top = std::make_shared<node>();

        top->children.reserve(3);
        for (int i = 0; i < 3; i++) {
                top->children.push_back(std::make_shared<node>());
                top->children.back()->parent = top;
        }
}

int main()
{
        make();
        scrub();
        return 0;
}
