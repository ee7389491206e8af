/* What handlers at exit free is no leak; what they lose is one.
 *
 * expect: definite 1 group 1 block 77 bytes
 */
#include "program.h"

static void *held;

static void free_it(void)
{
        free(held);
        held = NULL;
}

static void lose_another(void)
{
        lose(block(77));
}

static __attribute__((destructor)) void last(void)
{
        free(block(10));
}

int main(void)
{
        held = block(1234);
        atexit(free_it);
        atexit(lose_another);
        return 0;
}
