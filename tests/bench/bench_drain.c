/*
 * bench_drain.c: how many events the collector takes from a ring into the table
 * of live blocks, in processor time, with so many blocks live.
 *
 *     bench_drain [LIVE]...
 *
 * Blocks are 48 bytes of 64.  `pair` allocates and releases one block; `random`
 * releases any of the live ones and allocates it again; `order` builds all up
 * and takes them down in the order of their addresses, growth included.  Only
 * the collector's part is timed.
 */
#include "../unit/channel_writer.h"
#include "report/collect/drain.h"
#include "report/collect/process.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>

#define HEAP UINT64_C(0x555500000000)

enum { STRIDE = 64, SIZE = 48, BATCH = 1 << 14, STACKS = 200, EVENTS = 8000000 };

static const struct weir_layout layout = {
        .threads = 256, .notes_bytes = 32768, .ring0_records = 1 << 16, .ring_records = 256, .nodes = 256
};

struct bench {
        struct writer writer;
        struct process *process;
        uint64_t events, ns, longest_ns;
        unsigned filled;
};

static uint64_t now_ns(void)
{
        struct timespec t;

        (void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
        return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static void drain(struct bench *bench)
{
        uint64_t begin = now_ns(), took;

        bench->events += drain_run(bench->process, begin, false);
        took = now_ns() - begin;
        bench->ns += took;
        bench->longest_ns = took > bench->longest_ns ? took : bench->longest_ns;
        bench->filled = 0;
}

static void put(struct bench *bench, unsigned kind, uint64_t block)
{
        const struct writer_record record = { kind, HEAP + block * STRIDE, kind == WEIR_EVENT_ALLOC ? SIZE : 0,
                                              kind == WEIR_EVENT_ALLOC ? 1 + (uint32_t)(block % STACKS) : 0, 0 };

        writer_put(&bench->writer, record);
        if (++bench->filled == BATCH)
                drain(bench);
}

static void report(struct bench *bench, const char *name, uint64_t live)
{
        drain(bench);
        printf("%-8s %9lu %8.1f %10.1f %12.0f\n", name, (unsigned long)live, (double)bench->ns / (double)bench->events,
               (double)bench->events * 1000 / (double)bench->ns, (double)bench->longest_ns / 1e3);
        bench->events = bench->ns = bench->longest_ns = 0;
}

static uint64_t seed = 88172645463325252ull;

static uint64_t next_random(void)
{
        seed ^= seed << 13;
        seed ^= seed >> 7;
        return seed ^= seed << 17;
}

static void run(struct bench *bench, uint64_t live)
{
        for (uint64_t done = 0; done < EVENTS; done += 2 * live) {
                for (uint64_t i = 0; i < live; i++)
                        put(bench, WEIR_EVENT_ALLOC, i);
                for (uint64_t i = 0; i < live; i++)
                        put(bench, WEIR_EVENT_FREE, i);
        }
        report(bench, "order", live);
        for (uint64_t i = 0; i < live; i++)
                put(bench, WEIR_EVENT_ALLOC, i);
        drain(bench);
        bench->events = bench->ns = bench->longest_ns = 0;
        for (uint64_t done = 0; done < EVENTS; done += 2) {
                uint64_t block = next_random() % live;

                put(bench, WEIR_EVENT_FREE, block);
                put(bench, WEIR_EVENT_ALLOC, block);
        }
        report(bench, "random", live);
        for (uint64_t done = 0; done < EVENTS; done += 2) {
                put(bench, WEIR_EVENT_ALLOC, live);
                put(bench, WEIR_EVENT_FREE, live);
        }
        report(bench, "pair", live);
        for (uint64_t i = 0; i < live; i++)
                put(bench, WEIR_EVENT_FREE, i);
        drain(bench);
        bench->events = bench->ns = bench->longest_ns = 0;
}

int main(int argc, char **argv)
{
        static const uint64_t usual[] = { 1000, 100000, 1000000, 4000000 };
        size_t size = weir_channel_size(&layout);
        void *channel = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
        struct bench bench = { 0 };
        struct error e = { 0 };

        if (channel == MAP_FAILED)
                return 1;
        bench.writer = writer_on(channel, &layout);
        bench.process = process_create(channel, size, 0, &e);
        if (!bench.process)
                return 1;
        printf("events        live ns/event   M events/s  longest batch of %d, us\n", BATCH);
        for (int i = 1; i < argc; i++)
                run(&bench, strtoull(argv[i], NULL, 10));
        for (size_t i = 0; argc < 2 && i < sizeof usual / sizeof usual[0]; i++)
                run(&bench, usual[i]);
        process_detach(bench.process);
        process_destroy(bench.process);
        return munmap(channel, size) ? 1 : 0;
}
