/* The pointers of objects are called what they are.
 *
 * expect: cycle 1 group 3 blocks
 * expect: indirect 1..
 * expect: type ns::child<int>
 * expect: type ns::parent
 * expect: field child_
 * expect: field owners.list[1]
 * expect: field parent::name
 * expect: field many
 * expect: field [2]
 * expect: advice make ns::parent::child_ a std::weak_ptr
 */
#include "program.h"

#include <memory>
#include <vector>

namespace ns {

struct child_base {
        virtual ~child_base() = default;
};

struct parent {
        virtual ~parent() = default;
        std::shared_ptr<child_base> child_;
        void *name = nullptr;
};

template <class T> struct child : child_base, parent {
        T value;
        struct {
                int count;
                parent *list[3];
        } owners = {};
        std::vector<void *> many;
};

} // namespace ns

static NOINLINE void make()
{
        auto *top = new ns::parent;
        auto *below = new ns::child<int>;

        top->child_ = std::shared_ptr<ns::child_base>(below);
        top->name = block(10);
        below->owners.list[1] = top;
        below->name = block(20);
        below->many.assign(3, nullptr);
        below->many[2] = block(30);
        opaque(top);
}

int main()
{
        make();
        scrub();
        return 0;
}
