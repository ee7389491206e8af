/* A loaded module's thread-local variable, made on first use, holds its block.
 *
 * expect: reachable 1.. blocks
 * module
 */
#include "program.h"

#include <dlfcn.h>

int main(int argc, char **argv)
{
        void *module = dlopen(argv[argc - 1], RTLD_NOW);
        void (*hold)(void);

        if (!module)
                return 1;
        *(void **)&hold = dlsym(module, "module_hold");
        hold();
        scrub();
        return 0;
}
