/* The arguments that a program hands to exec are in use to its end, also when
 * nothing but the call holds them; what it forgot before is lost.
 *
 * expect: definite 1 group 1 block 123 bytes
 * expect: processes 2
 * expect: stdout done
 */
#include "program.h"

__attribute__((noinline)) static char **arguments(void)
{
        char **argv = calloc(3, sizeof *argv);

        argv[0] = strdup("echo");
        argv[1] = strdup("done");
        return argv;
}

__attribute__((noinline)) static void become(char **argv)
{
        execv("/bin/echo", argv);
}

int main(void)
{
        lose(malloc(123));
        scrub();
        become(arguments());
        return 1;
}
