/*
 * heap.c: a process with a random heap, for bench_stopped.
 *
 *     heap BLOCKS held|lost|list|ring DESCRIPTOR
 *
 * Blocks of 64 bytes from malloc with four pointers each to others chosen at
 * random.  Of `held` a global reaches all (one pointer of each block leads to
 * the next), of the others nothing is held; a list and a ring go through all
 * blocks in random order.
 *
 * Where LeakSanitizer is preloaded, prints how many seconds its own check took,
 * three times.  Else writes the blocks' addresses to the descriptor, says
 * "ready" and waits for the end of its standard input.
 */
#include <dlfcn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

enum { SIZE = 64, DEGREE = 4, CHECKS = 3 };

static void *volatile held;

static uint64_t seed = 88172645463325252ull;

static uint64_t next_random(void)
{
        seed ^= seed << 13;
        seed ^= seed >> 7;
        return seed ^= seed << 17;
}

static double now(void)
{
        struct timespec t;

        clock_gettime(CLOCK_MONOTONIC, &t);
        return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void link_random(void ***blocks, uint64_t count, int chained)
{
        for (uint64_t i = 0; i < count; i++) {
                for (unsigned word = 0; word < DEGREE; word++)
                        blocks[i][word] = blocks[next_random() % count];
                if (chained && i + 1 < count)
                        blocks[i][DEGREE - 1] = blocks[i + 1];
        }
}

static void link_chain(void ***blocks, uint64_t count, int closed)
{
        for (uint64_t i = count - 1; i > 0; i--) {
                uint64_t j = next_random() % (i + 1);
                void **swap = blocks[i];

                blocks[i] = blocks[j];
                blocks[j] = swap;
        }
        for (uint64_t i = 0; i + 1 < count; i++)
                blocks[i][0] = blocks[i + 1];
        if (closed)
                blocks[count - 1][0] = blocks[0];
}

static int tell_addresses(int descriptor, void ***blocks, size_t size)
{
        for (size_t done = 0; done < size;) {
                ssize_t wrote = write(descriptor, (char *)blocks + done, size - done);

                if (wrote <= 0)
                        return -1;
                done += (size_t)wrote;
        }
        return 0;
}

/* In a frame of its own, which is over when it returns. */
static __attribute__((noinline)) int build(uint64_t count, const char *shape, int descriptor)
{
        size_t size = count * sizeof(void **);
        void ***blocks = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        int status = 0;

        if (blocks == MAP_FAILED)
                return -1;
        for (uint64_t i = 0; i < count; i++) {
                blocks[i] = malloc(SIZE);
                if (!blocks[i])
                        return -1;
                memset(blocks[i], 0, SIZE);
        }
        if (!strcmp(shape, "list") || !strcmp(shape, "ring"))
                link_chain(blocks, count, !strcmp(shape, "ring"));
        else
                link_random(blocks, count, !strcmp(shape, "held"));
        if (!strcmp(shape, "held"))
                held = blocks[0];
        if (descriptor >= 0)
                status = tell_addresses(descriptor, blocks, size);
        munmap(blocks, size);
        return status;
}

/* Overwrites what calls have left on the stack and in vector registers. */
static __attribute__((noinline)) void forget(void)
{
        static char zeroes[1 << 16];
        char room[1 << 16];

        for (size_t size = 16; size <= sizeof room; size *= 2) {
                memset(room, 0, size);
                memcpy(room, zeroes, size);
                memmove(room + 1, room, size - 1);
        }
        __asm__ volatile("" : : "r"(room) : "memory");
}

int main(int argc, char **argv)
{
        int (*check)(void) = (int (*)(void))dlsym(RTLD_DEFAULT, "__lsan_do_recoverable_leak_check");
        uint64_t count = argc == 4 ? strtoull(argv[1], NULL, 0) : 0;
        char byte;

        if (!count || build(count, argv[2], check ? -1 : atoi(argv[3])))
                return 125;
        forget();
        for (int i = 0; check && i < CHECKS; i++) {
                double start = now();

                (void)check();
                printf("%.3f\n", now() - start);
                fflush(stdout);
        }
        if (!check) {
                printf("ready\n");
                fflush(stdout);
                while (read(STDIN_FILENO, &byte, 1) > 0)
                        ;
        }
        _exit(0);
}
