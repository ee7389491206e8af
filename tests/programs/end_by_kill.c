/* SIGKILL leaves no time: every block is known by its site, none by what held
 * it, and the report says it is incomplete.
 *
 * expect: unknown 1001.. blocks 42000.. bytes
 * expect: signal 9
 * incomplete
 */
#include "program.h"

#include <signal.h>

int main(void)
{
        for (int i = 0; i < 1000; i++)
                lose(malloc(42));
        lose(malloc(66));
        kill(getpid(), SIGKILL);
        return 0;
}
