/* An exec that fails changes nothing: the process goes on and is traced to its
 * end.
 *
 * expect: definite 2 blocks 30 bytes
 * expect: processes 1
 */
#include "program.h"

int main(void)
{
        lose(malloc(10));
        execl("/nonexistent/program", "program", (char *)NULL);
        lose(malloc(20));
        scrub();
        return 0;
}
