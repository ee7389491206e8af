/* Mappings that are moved, shrunk, replaced and unmapped in parts.
 *
 * expect: definite 0 blocks
 */
#include "program.h"

#include <sys/mman.h>

enum { PAGE = 4096 };

/* `rest` for what stays behind the page that is replaced. */
KEPT char *kept, *rest;

int main(void)
{
        char *a = mmap(NULL, 10 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        char *b = mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

        kept = mremap(a, 10 * PAGE, 40 * PAGE, MREMAP_MAYMOVE);
        kept = mremap(kept, 40 * PAGE, 8 * PAGE, 0);
        if (mmap(kept, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) != kept)
                return 1;
        rest = kept + PAGE;
        munmap(kept + 4 * PAGE, 2 * PAGE);
        put(kept, 0, block(16));
        munmap(b, 4 * PAGE);
        if (munmap(kept + 1, PAGE) == 0)
                return 2;
        munmap(kept + 6 * PAGE, 2 * PAGE);
        return 0;
}
