/* A signal handler allocates in the midst of operator new: its block is its
 * own, and not what operator new returns.
 *
 * expect: definite 1 block 21 bytes
 * expect: function handler(int)
 */
#include "program.h"

#include <csignal>
#include <new>

static void handler(int)
{
        lose(malloc(21));
}

static void out_of_memory()
{
        std::set_new_handler(nullptr);
        raise(SIGUSR1);
}

int main()
{
        signal(SIGUSR1, handler);
        std::set_new_handler(out_of_memory);
        if (opaque(::operator new(SIZE_MAX / 4 + (size_t)opaque(nullptr), std::nothrow)))
                return 1;
        delete (int *)opaque(new int);
        scrub();
        return 0;
}
