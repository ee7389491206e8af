/* A module opened and closed 200 times, each time at work.
 *
 * expect: definite 400 blocks 36200 bytes
 * module
 */
#include "program.h"

#include <dlfcn.h>

int main(int argc, char **argv)
{
        for (int i = 0; i < 200; i++) {
                void *module = dlopen(argv[argc - 1], RTLD_NOW);
                void (*work)(void);

                if (!module)
                        return 1;
                *(void **)&work = dlsym(module, "module_work");
                work();
                if (dlclose(module))
                        return 2;
        }
        scrub();
        return 0;
}
