/* Exceptions thrown through many frames, with what they own freed.
 *
 * expect: definite 1 group 1 block 19 bytes
 */
#include "program.h"

#include <memory>
#include <stdexcept>
#include <string>

static NOINLINE void deep(int n)
{
        auto owned = std::make_unique<std::string>(100, 'x');

        opaque(owned.get());
        if (!n)
                throw std::runtime_error(std::string(200, 'e'));
        deep(n - 1);
        opaque(owned.get());
}

int main()
{
        for (int i = 0; i < 200; i++) {
                try {
                        deep(i % 40);
                } catch (const std::exception &e) {
                        opaque((void *)e.what());
                }
        }
        lose(malloc(19));
        scrub();
        return 0;
}
