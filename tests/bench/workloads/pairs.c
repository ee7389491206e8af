/*
 * Pairs of malloc and free at the end of a chain of calls.
 *
 *     bench-pairs DEPTH SITES THREADS PAIRS
 *
 * Each of THREADS threads goes DEPTH calls deep and makes PAIRS pairs there, in
 * turn from SITES (1 or 2) call sites.  A tenth as many are made before the
 * clock starts.  With one thread no thread is created.
 */
#include <pthread.h>
#include <stdlib.h>

#include "clocks.h"

enum { MAX_THREADS = 64, BLOCK_SIZE = 32 };

static unsigned long depth, sites, threads, pairs;
static pthread_barrier_t warm, done;
static struct clocks start;

/* Keeps the compiler from dropping the pair. */
static void touch(void *block)
{
        __asm__ volatile("" : : "r"(block) : "memory");
}

/* Two functions with the same body: no_icf keeps them two. */
__attribute__((noipa, no_icf)) static void pair_here(void)
{
        void *block = malloc(BLOCK_SIZE);

        touch(block);
        free(block);
        touch(NULL);
}

__attribute__((noipa, no_icf)) static void pair_there(void)
{
        void *block = malloc(BLOCK_SIZE);

        touch(block);
        free(block);
        touch(NULL);
}

static void make_pairs(unsigned long count)
{
        for (unsigned long i = 0; i < count; i++) {
                if (i % sites)
                        pair_there();
                else
                        pair_here();
        }
}

/* The last thread that is warm starts the clock. */
static void run(void)
{
        make_pairs(pairs / 10);
        if (pthread_barrier_wait(&warm) == PTHREAD_BARRIER_SERIAL_THREAD)
                start = clocks_now();
        make_pairs(pairs);
        if (pthread_barrier_wait(&done) == PTHREAD_BARRIER_SERIAL_THREAD)
                clocks_print(start, pairs * threads);
}

/* What follows the call keeps it from becoming a jump. */
__attribute__((noipa)) static void descend(unsigned long left)
{
        if (left)
                descend(left - 1);
        else
                run();
        touch(NULL);
}

static void *thread_main(void *unused)
{
        descend(depth);
        return unused;
}

static void run_threads(void)
{
        pthread_t thread[MAX_THREADS];

        for (unsigned long i = 0; i < threads; i++)
                if (pthread_create(&thread[i], NULL, thread_main, NULL) != 0)
                        abort();
        for (unsigned long i = 0; i < threads; i++)
                pthread_join(thread[i], NULL);
}

int main(int argc, char **argv)
{
        if (argc != 5)
                return 2;
        depth = strtoul(argv[1], NULL, 10);
        sites = strtoul(argv[2], NULL, 10);
        threads = strtoul(argv[3], NULL, 10);
        pairs = strtoul(argv[4], NULL, 10);
        if (!sites || !threads || threads > MAX_THREADS)
                return 2;
        pthread_barrier_init(&warm, NULL, (unsigned int)threads);
        pthread_barrier_init(&done, NULL, (unsigned int)threads);
        if (threads == 1)
                descend(depth);
        else
                run_threads();
        return 0;
}
