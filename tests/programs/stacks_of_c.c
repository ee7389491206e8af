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

#include <dlfcn.h>
#include <pthread.h>
#include <sys/mman.h>

#include "../frames.h"

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

static uint32_t frame_event(int depth)
{
        if (depth > 3 && depth % 2)
                other_pair(depth);
        else
                pair();
        return 0;
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

static void on_signal(int number)
{
        (void)number;
        frame_recurse(3);
        other_pair(1);
}

static void handle(int flags)
{
        struct sigaction action = { .sa_handler = on_signal, .sa_flags = flags };

        sigaction(SIGUSR1, &action, NULL);
        for (int i = 0; i < 12; i++)
                frame_raise(i % 5);
}

static NOINLINE void recurse(int depth)
{
        frame_recurse(depth);
        after++;
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
                relay(i % 3 ? recurse : frame_alloca, i % 5);
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
        frame_recurse(100000);
        frame_recurse(5000);
        frame_recurse(5001);
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
        static char room[65536], of_coroutine[65536];
        stack_t other = { .ss_sp = room, .ss_size = sizeof room };
        jmp_buf here;

        for (volatile int i = 0; i < 15; i++) {
                frame_alloca(i);
                with_array(i);
                frame_realigned(i);
                frame_realigned_alloca(i);
                frame_large(i);
                frame_sort(9);
                if (setjmp(here) == 0)
                        frame_jump(&here, i);
                frame_recurse(i * 30);
        }
        handle(0);
        sigaltstack(&other, NULL);
        handle(SA_ONSTACK);
        frame_take_turns(of_coroutine, sizeof of_coroutine);
        without_tables();
        deep_thread();
        after = modules(argv[argc - 1]);
        scrub();
        return after;
}
