/* Stacks of every shape that C gives them, each compared with libunwind's:
 * alloca, variable arrays, realigned and large frames, recursion, callbacks of
 * qsort, longjmp, signal handlers on both stacks, coroutines, code without
 * tables, a module that comes and goes, a thread 100 000 calls deep.  Cut are
 * those of the coroutine, whose first frame has no caller, and some of the code
 * without tables.
 *
 * expect: definite 40 blocks 3620 bytes
 * expect: checked 1700..
 * expect: truncated 80..140
 * options: --check-stacks
 * module
 */
#include "program.h"

#include <alloca.h>
#include <dlfcn.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <sys/mman.h>
#include <ucontext.h>

static volatile int after;

static NOINLINE void pair(void)
{
        free(opaque(malloc(16)));
        after++;
}

static NOINLINE void other_pair(int n)
{
        void *p = realloc(opaque(calloc(1, 8)), (size_t)n + 9);

        pair();
        free(opaque(p));
        after++;
}

static NOINLINE void recurse(int depth)
{
        if (depth)
                recurse(depth - 1);
        else
                pair();
        after++;
}

static NOINLINE void with_alloca(int n)
{
        volatile char *room = alloca((size_t)(n * 24 % 700) + 1);

        room[0] = 1;
        if (n)
                with_alloca(n - 1);
        pair();
        after += room[0];
}

static NOINLINE void with_array(int n)
{
        volatile char room[n % 5 * 40 + 1];

        room[0] = 1;
        if (n)
                with_array(n - 1);
        other_pair(n);
        after += room[0];
}

static NOINLINE void realigned(int n)
{
        _Alignas(64) volatile char room[64];
        volatile char *more = alloca((size_t)n * 8 + 1);

        room[0] = more[0] = (char)n;
        if (n)
                realigned(n - 1);
        pair();
        after += room[0] + more[0];
}

static NOINLINE void large(int n)
{
        volatile char room[20000];

        room[n] = 1;
        if (n)
                large(n - 1);
        other_pair(n);
        after += room[n];
}

static int compare(const void *a, const void *b)
{
        pair();
        return *(const int *)a - *(const int *)b;
}

static NOINLINE void sort(void)
{
        int some[9] = { 3, 1, 2, 9, 8, 7, 4, 6, 5 };

        qsort(some, 9, sizeof some[0], compare);
        after += some[0];
}

static NOINLINE void jump(jmp_buf *to, int depth)
{
        pair();
        if (depth == 0)
                longjmp(*to, 1);
        jump(to, depth - 1);
        after++;
}

static void on_signal(int number)
{
        (void)number;
        recurse(3);
        other_pair(1);
}

static NOINLINE void raise_at(int depth)
{
        if (depth)
                raise_at(depth - 1);
        else
                raise(SIGUSR1);
        after++;
}

static void handle(int flags)
{
        struct sigaction action = { .sa_handler = on_signal, .sa_flags = flags };

        sigaction(SIGUSR1, &action, NULL);
        for (int i = 0; i < 12; i++)
                raise_at(i % 5);
}

static ucontext_t back, coroutine;

static void run_coroutine(void)
{
        for (int i = 0; i < 20; i++) {
                recurse(i % 7);
                with_alloca(3);
                swapcontext(&coroutine, &back);
        }
}

static void coroutines(void)
{
        static char room[1 << 16];

        getcontext(&coroutine);
        coroutine.uc_stack.ss_sp = room;
        coroutine.uc_stack.ss_size = sizeof room;
        coroutine.uc_link = &back;
        makecontext(&coroutine, run_coroutine, 0);
        for (int i = 0; i < 20; i++) {
                swapcontext(&back, &coroutine);
                recurse(i % 7);
        }
}

/* f(callback, n) { callback(n); }, with a frame pointer and without. */
static void without_tables(void)
{
#ifdef __x86_64__
        static const unsigned char code[2][16] = {
                { 0x55, 0x48, 0x89, 0xe5, 0x48, 0x89, 0xf8, 0x89, 0xf7, 0xff, 0xd0, 0x5d, 0xc3 },
                { 0x48, 0x83, 0xec, 0x08, 0x48, 0x89, 0xf8, 0x89, 0xf7, 0xff, 0xd0, 0x48, 0x83, 0xc4, 0x08, 0xc3 },
        };
        char *room = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

        memcpy(room, code, sizeof code);
        for (int i = 0; i < 20; i++) {
                void (*relay)(void (*)(int), int);
                void *at = room + i % 2 * 16;

                memcpy(&relay, &at, sizeof relay);
                relay(i % 3 ? recurse : with_alloca, i % 5);
        }
        munmap(room, 4096);
#endif
}

static int modules(const char *path)
{
        for (int i = 0; i < 20; i++) {
                void *module = dlopen(path, RTLD_NOW);
                void (*work)(void);

                if (!module)
                        return 1;
                *(void **)&work = dlsym(module, "module_work");
                work();
                if (dlclose(module))
                        return 2;
        }
        return 0;
}

static void *deep(void *unused)
{
        recurse(100000);
        recurse(5000);
        recurse(5001);
        return unused;
}

static void deep_thread(void)
{
        pthread_attr_t attributes;
        pthread_t thread;

        pthread_attr_init(&attributes);
        pthread_attr_setstacksize(&attributes, 64 << 20);
        pthread_create(&thread, &attributes, deep, NULL);
        pthread_join(thread, NULL);
        pthread_attr_destroy(&attributes);
}

int main(int argc, char **argv)
{
        static char room[65536];
        stack_t other = { .ss_sp = room, .ss_size = sizeof room };
        jmp_buf here;

        for (volatile int i = 0; i < 15; i++) {
                with_alloca(i);
                with_array(i);
                realigned(i);
                large(i);
                sort();
                if (setjmp(here) == 0)
                        jump(&here, i);
                recurse(i * 30);
        }
        handle(0);
        sigaltstack(&other, NULL);
        handle(SA_ONSTACK);
        coroutines();
        without_tables();
        deep_thread();
        after = modules(argv[argc - 1]);
        scrub();
        return after;
}
