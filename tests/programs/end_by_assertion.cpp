/* An exception nobody catches: the runtime holds it, by a pointer to its inside.
 *
 * expect: possible 0..2 blocks
 * expect: definite 1 group 1 block 68 bytes
 * expect: signal 6
 */
#include "program.h"

#include <stdexcept>

int main()
{
        lose(malloc(68));
        scrub();
        throw std::runtime_error("nobody catches this");
}
