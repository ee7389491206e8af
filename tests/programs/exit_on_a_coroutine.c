/* exit on a stack in a malloc'd block: the frames on it are alive, and so are
 * those of the thread's own stack.
 *
 * expect: reachable 3.. blocks
 */
#include "program.h"

#include <ucontext.h>

static ucontext_t main_context, coroutine;

static void body(void)
{
        void *volatile local = block(300);

        opaque(local);
        exit(0);
}

int main(void)
{
        enum { STACK = 128 * 1024 };
        void *volatile local = block(200);
        void *stack = block(STACK);

        getcontext(&coroutine);
        coroutine.uc_stack.ss_sp = stack;
        coroutine.uc_stack.ss_size = STACK;
        coroutine.uc_link = &main_context;
        makecontext(&coroutine, body, 0);
        swapcontext(&main_context, &coroutine);
        free(local);
        return 0;
}
