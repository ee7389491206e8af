/* free and successful allocations leave errno alone.
 *
 * expect: stdout kept
 */
#include "program.h"

#include <errno.h>

int main(void)
{
        for (int i = 0; i < 10000; i++) {
                void *p;

                errno = 4711;
                p = opaque(malloc((size_t)i));
                p = opaque(realloc(p, (size_t)i * 2 + 1));
                free(p);
                if (errno != 4711)
                        return 1;
        }
        puts("kept");
        return 0;
}
