/* A mapping that nothing points at is a leak, and so are the blocks it holds.
 *
 * expect: definite 1 group 1 block 65536 bytes
 * expect: indirect 3 blocks 48 bytes
 */
#include "program.h"

#include <sys/mman.h>

static NOINLINE void make(void)
{
        void *arena = mmap(NULL, 65536, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

        put(arena, 0, block(16));
        put(arena, 30000, block(16));
        put(arena, 65528, block(16));
}

int main(void)
{
        make();
        scrub();
        return 0;
}
