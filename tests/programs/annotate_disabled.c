/* What is allocated between __lsan_disable and __lsan_enable is no leak, nor
 * what only such blocks hold; calls nest, threads have their own, a fork child
 * keeps what its parent's thread had.
 *
 * expect: definite 3 blocks 300 bytes
 * expect: processes 2
 */
#include "program.h"

#include <pthread.h>
#include <sys/wait.h>

void __lsan_disable(void) __attribute__((weak));
void __lsan_enable(void) __attribute__((weak));

static void disable(void)
{
        if (__lsan_disable)
                __lsan_disable();
}

static void enable(void)
{
        if (__lsan_enable)
                __lsan_enable();
}

static void *by_thread(void *unused)
{
        lose(malloc(100)); /* a new thread begins enabled */
        disable();
        lose(malloc(11));
        enable();
        return unused;
}

static NOINLINE void make(void)
{
        void *holder;

        disable();
        disable();
        lose(malloc(10));
        enable();
        holder = block(16);
        lose(realloc(malloc(30), 3000));
        enable();
        put(holder, 8, block(40)); /* held by what is no leak */
        lose(malloc(100));
        enable(); /* one too many */
}

int main(void)
{
        pthread_t thread;
        pid_t child;

        make();
        disable();
        pthread_create(&thread, NULL, by_thread, NULL);
        pthread_join(thread, NULL);
        child = fork();
        if (!child) {
                lose(malloc(12));
                enable();
                lose(malloc(100));
                scrub();
                exit(0);
        }
        waitpid(child, NULL, 0);
        enable();
        scrub();
        return 0;
}
