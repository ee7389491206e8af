/* Allocations before main, even before any constructor, are seen.
 *
 * expect: definite 2 blocks 33 bytes
 */
#include "program.h"

static void first(int argc, char **argv, char **envp)
{
        (void)argc, (void)argv, (void)envp;
        lose(block(11));
}

__attribute__((section(".preinit_array"), used)) static void (*const at_first)(int, char **, char **) = first;

static __attribute__((constructor(101))) void early(void)
{
        lose(block(22));
}

int main(void)
{
        scrub();
        return 0;
}
