/* Memory that weir cannot account for holds blocks only possibly; a root region
 * holds them for certain, until it is taken back.
 *
 * expect: possible 1 block 500 bytes
 */
#include "../../preload/weir.h"
#include "program.h"

#include <sys/mman.h>
#include <sys/syscall.h>

/* Mapped past the C library. */
static char *region(size_t held)
{
        char *p = (char *)syscall(SYS_mmap, NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

        put(p, 64, block(held));
        return p;
}

static NOINLINE void make(void)
{
        char *a = region(400), *b = region(500);

        weir_add_root(a, 8192);
        weir_add_root(b, 4096);
        weir_remove_root(b, 4096);
}

int main(void)
{
        make();
        scrub();
        return 0;
}
