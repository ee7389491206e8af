/* A process that forbids others to look into it.  root may all the same;
 * otherwise its blocks are known by their sites only.
 *
 * expect: definite 0..1 blocks
 * expect: unknown 0.. blocks
 * maybe incomplete
 */
#include "program.h"

#include <sys/prctl.h>

int main(void)
{
        prctl(PR_SET_DUMPABLE, 0);
        lose(malloc(14));
        scrub();
        return 0;
}
