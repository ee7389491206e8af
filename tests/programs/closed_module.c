/* A module's leaks, and what only its globals held, are lost when it is closed;
 * the stacks name it all the same.
 *
 * expect: definite 2 groups 2 blocks 181 bytes
 * expect: function module_work
 * module
 */
#include "program.h"

#include <dlfcn.h>

int main(int argc, char **argv)
{
        void *module = dlopen(argv[argc - 1], RTLD_NOW);
        void (*work)(void);

        if (!module)
                return 1;
        *(void **)&work = dlsym(module, "module_work");
        work();
        if (dlclose(module) || dlopen(argv[argc - 1], RTLD_NOW | RTLD_NOLOAD))
                return 2;
        scrub();
        return 0;
}
