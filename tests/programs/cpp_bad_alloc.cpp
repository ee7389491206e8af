/* std::bad_alloc passes through the hooks and leaves them in order: what
 * follows is recorded.
 *
 * expect: definite 1 group 1 block 44 bytes
 * expect: stdout caught 3
 */
#include "program.h"

#include <new>

int main()
{
        int caught = 0;

        for (int i = 0; i < 3; i++) {
                try {
                        opaque(::operator new(SIZE_MAX / 4 + (size_t)opaque((void *)(uintptr_t)i)));
                } catch (const std::bad_alloc &) {
                        caught++;
                }
        }
        printf("caught %d\n", caught);
        lose(::operator new(44));
        scrub();
        return 0;
}
