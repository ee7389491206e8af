/* The strings of before C++11 point behind length, capacity and count.
 *
 * expect: reachable 2..3 blocks
 * expect: possible 1 group 1 block 200 bytes
 */
#define _GLIBCXX_USE_CXX11_ABI 0
#include "program.h"

#include <string>

KEPT std::string *held;
KEPT char *no_string;

static NOINLINE void fill()
{
        held = new std::string((size_t)opaque((void *)100), 'x');
        no_string = (char *)block(200) + 24;
}

int main()
{
        fill();
        scrub();
        return 0;
}
