/* Every allocation function of C, each losing a block of its own size.
 *
 * expect: definite 10 blocks 2047 bytes
 */
#include "program.h"

#include <malloc.h>

static NOINLINE void make(void)
{
        void *p;

        lose(malloc(1));
        lose(calloc(1, 2));
        lose(realloc(NULL, 4));
        lose(reallocarray(NULL, 2, 4));
        if (!posix_memalign(&p, 64, 16))
                lose(p);
        lose(aligned_alloc(32, 32));
        lose(memalign(128, 64));
        lose(valloc(128));
        lose(strdup("0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
                    "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
                    "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
                    "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcde"));
        lose(calloc(3, 512));
}

int main(void)
{
        make();
        scrub();
        return 0;
}
