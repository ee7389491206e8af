/* Allocations before main, even before any constructor, are seen.
 *
 * expect: definite 2 blocks 33 bytes
 */
#include "program.h"

static NOINLINE void make(size_t size)
{
        lose(block(size));
}

static void first(int argc, char **argv, char **envp)
{
        (void)argc, (void)argv, (void)envp;
        make(11);
        scrub();
}

__attribute__((section(".preinit_array"), used)) static void (*const at_first)(int, char **, char **) = first;

static __attribute__((constructor(101))) void early(void)
{
        make(22);
        scrub();
}

int main(void)
{
        scrub();
        return 0;
}
