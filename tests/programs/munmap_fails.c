/* A munmap that fails unmaps nothing: neither with a length that leads out of
 * memory, nor where the kernel has no room to split a mapping.
 *
 * expect: definite 1..2 blocks 12288 bytes
 * expect: reachable 2 blocks 36864 bytes
 * expect: stdout failed 2
 */
#include "program.h"

#include <errno.h>
#include <stdint.h>
#include <sys/mman.h>

enum { PAGE = 4096, MANY = 1 << 19 }; /* more mappings than a process may have */

static char *map(size_t pages)
{
        char *p = opaque(mmap(NULL, pages * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0));

        if (p == MAP_FAILED)
                abort();
        return p;
}

KEPT char *whole;

static NOINLINE int fail_with_length(void)
{
        whole = map(8);
        return munmap(whole, SIZE_MAX / 2) && errno == EINVAL;
}

/* The middle of three pages, when every other page of a large mapping has
 * become one of its own. */
static NOINLINE int fail_to_split(void)
{
        char *many = map(MANY), *victim = map(3);
        size_t i = 0;
        int failed;

        while (i < MANY && mprotect(many + i * PAGE, PAGE, PROT_READ) == 0)
                i += 2;
        failed = i < MANY && munmap(victim + PAGE, PAGE) && errno == ENOMEM;
        munmap(many, (size_t)MANY * PAGE);
        return failed;
}

int main(void)
{
        printf("failed %d\n", fail_with_length() + fail_to_split());
        scrub();
        return 0;
}
