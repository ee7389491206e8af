/* Memory the program mapped itself, and still knows, holds blocks.
 *
 * expect: reachable 3.. blocks
 */
#include "program.h"

#include <sys/mman.h>

KEPT void *arena;

int main(void)
{
        arena = mmap(NULL, 65536, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        put(arena, 0, block(16));
        put(arena, 30000, block(16));
        put(arena, 65528, block(16));
        scrub();
        return 0;
}
