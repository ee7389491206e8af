/* The module that `closed_module` loads. */
#include "program.h"

KEPT void *only_here;
__thread void *module_local;

void module_work(void);
void module_hold(void);

NOINLINE void module_work(void)
{
        only_here = block(90);
        lose(malloc(91));
}

NOINLINE void module_hold(void)
{
        module_local = block(92);
}
