/* Under RLIMIT_AS, with allocations that fail.
 *
 * expect: definite 1 block 15 bytes
 */
#include "program.h"

#include <sys/resource.h>

int main(void)
{
        struct rlimit limit;
        char statm[100] = "";
        FILE *file = fopen("/proc/self/statm", "r");

        if (!file || !fgets(statm, sizeof statm, file))
                return 1;
        fclose(file);
        limit.rlim_cur = limit.rlim_max = strtoul(statm, NULL, 10) * 4096 + (8 << 20);
        if (setrlimit(RLIMIT_AS, &limit))
                return 2;
        if (opaque(malloc(1 << 30)))
                return 3;
        free(block(1 << 20));
        lose(malloc(15));
        scrub();
        return 0;
}
