/* operator new in its variants, each losing a block, and their deletes.
 *
 * expect: definite 8 blocks 2040 bytes
 */
#include "program.h"

#include <new>

struct alignas(64) wide {
        char bytes[64];
};

static NOINLINE void make()
{
        lose(::operator new(8));
        lose(::operator new[](16));
        lose(::operator new(32, std::nothrow));
        lose(::operator new[](64, std::nothrow));
        lose(::operator new(128, std::align_val_t(64)));
        lose(::operator new[](256, std::align_val_t(128)));
        lose(::operator new(512, std::align_val_t(32), std::nothrow));
        lose(::operator new[](1024, std::align_val_t(64), std::nothrow));
}

static NOINLINE void balanced()
{
        ::operator delete(opaque(::operator new(8)));
        ::operator delete(opaque(::operator new(8)), (size_t)8);
        ::operator delete[](opaque(::operator new[](8)));
        ::operator delete[](opaque(::operator new[](8)), (size_t)8);
        ::operator delete(opaque(::operator new(8, std::nothrow)), std::nothrow);
        ::operator delete[](opaque(::operator new[](8, std::nothrow)), std::nothrow);
        ::operator delete(opaque(::operator new(64, std::align_val_t(64))), std::align_val_t(64));
        ::operator delete(opaque(::operator new(64, std::align_val_t(64))), (size_t)64, std::align_val_t(64));
        ::operator delete[](opaque(::operator new[](64, std::align_val_t(64))), std::align_val_t(64));
        delete (wide *)opaque(new wide);
        delete[] (wide *)opaque(new wide[3]);
        delete (int *)opaque(new int);
        delete[] (int *)opaque(new int[3]);
}

int main()
{
        for (int i = 0; i < 100; i++)
                balanced();
        make();
        scrub();
        return 0;
}
