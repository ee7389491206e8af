/* realloc: growing, shrinking, in place, of nothing, to nothing, and failing.
 * What fails leaves its block as it was.
 *
 * expect: definite 3 blocks 1130 bytes
 */
#include "program.h"

#include <errno.h>

KEPT void *grown, *reallocated;

static NOINLINE void make(void)
{
        void *volatile p = malloc(30);
        void *volatile q = opaque(malloc(1000));
        size_t too_much = (size_t)opaque((void *)(SIZE_MAX / 2));

        if (realloc(p, too_much) || errno != ENOMEM) /* p stays: lost, 30 bytes */
                abort();
        if (reallocarray(q, too_much, 16) || errno != ENOMEM) /* and so does q: 1000 */
                abort();
        p = malloc(300);
        p = realloc(p, 100); /* lost, 100 */
        p = NULL;
        q = NULL;
        p = malloc(5);
        p = realloc(p, 0); /* frees */
        if (p)
                free(p);
}

int main(void)
{
        grown = malloc(10);
        for (size_t size = 20; size < 100000; size = size * 3 / 2)
                grown = realloc(grown, size);
        reallocated = realloc(opaque(NULL), 40);
        free(grown);
        free(reallocated);
        grown = reallocated = NULL;
        make();
        scrub();
        return 0;
}
