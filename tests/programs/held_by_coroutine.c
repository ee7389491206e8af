/* A suspended coroutine's stack, in memory the program mapped, holds what its
 * frames hold; what a coroutine lost is a leak.
 *
 * expect: reachable 1.. blocks
 * expect: definite 1 group 1 block 700 bytes
 */
#include "program.h"

#include <sys/mman.h>
#include <ucontext.h>

static ucontext_t main_context, *coroutine;

static NOINLINE void make(void)
{
        lose(block(700));
}

static void body(void)
{
        void *volatile local = block(300);

        make();
        scrub();
        swapcontext(coroutine, &main_context);
        free(local);
}

int main(void)
{
        enum { STACK = 256 * 1024 };
        char *stack = mmap(NULL, STACK, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

        coroutine = block(sizeof *coroutine);
        getcontext(coroutine);
        coroutine->uc_stack.ss_sp = stack;
        coroutine->uc_stack.ss_size = STACK;
        coroutine->uc_link = &main_context;
        makecontext(coroutine, body, 0);
        swapcontext(&main_context, coroutine);
        scrub();
        return 0;
}
