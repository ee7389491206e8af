/* What trace.py traces: each kind of event from a stack that is known, and at the
 * end the blocks that are live, as the program itself counts them. */
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <pthread.h>
#include <stdexcept>

#define NOINLINE __attribute__((noinline, noclone))

static void *keep(void *p)
{
        __asm__ volatile("" : "+r"(p) : : "memory");
        return p;
}

NOINLINE void leaf(size_t size)
{
        keep(malloc(size));
        __asm__ volatile("");
}

NOINLINE void with_array(size_t length)
{
        volatile char room[length];

        room[length - 1] = 0;
        leaf(1001);
        __asm__ volatile("" : : "r"(room));
}

NOINLINE void deep(int depth)
{
        if (depth)
                deep(depth - 1);
        else
                leaf(1002);
        __asm__ volatile("");
}

NOINLINE void throws()
{
        throw std::runtime_error("thrown");
}

NOINLINE void catches()
{
        try {
                throws();
        } catch (const std::runtime_error &) {
                leaf(1003);
        }
        __asm__ volatile("");
}

static int compare(const void *a, const void *b)
{
        static bool done;

        if (!done) {
                done = true;
                leaf(1004);
        }
        return *(const int *)a - *(const int *)b;
}

NOINLINE void sorts()
{
        int numbers[] = { 3, 1, 2 };

        qsort(numbers, 3, sizeof numbers[0], compare);
        __asm__ volatile("");
}

static void handler(int)
{
        leaf(1005);
        __asm__ volatile("");
}

NOINLINE void signals()
{
        signal(SIGUSR1, handler);
        raise(SIGUSR1);
        __asm__ volatile("");
}

NOINLINE void reallocates()
{
        void *p = keep(malloc(10));

        p = keep(realloc(p, 100000));
        p = keep(realloc(p, 1006));
        if (realloc(p, (size_t)1 << 60))
                abort();
        free(keep(calloc(3, 1000)));
        __asm__ volatile("");
}

static void *in_thread(void *)
{
        for (int i = 0; i < 1000; i++)
                free(keep(malloc(32)));
        keep(operator new(1007));
        return nullptr;
}

NOINLINE void threads()
{
        pthread_t thread[4];

        for (pthread_t &t : thread)
                pthread_create(&t, nullptr, in_thread, nullptr);
        for (pthread_t &t : thread)
                pthread_join(t, nullptr);
}

int main()
{
        with_array(300);
        deep(50);
        catches();
        sorts();
        signals();
        reallocates();
        threads();
        return 0;
}
