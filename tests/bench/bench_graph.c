/*
 * bench_graph.c: the time of each stage of the graph on a generated heap, and
 * the memory it takes.
 *
 *     bench_graph                               a table of sizes and shapes
 *     bench_graph BLOCKS [POINTERS [SHAPE]]     one of them, by stages
 *
 * SHAPE is `held` (random, all held), `lost` (the same, nothing held), `list` or
 * `ring` (lost, in an order far from that of addresses).  Blocks are 64 bytes of
 * 80; their contents are made up when they are read, so that heaps larger than
 * this machine's memory can be analysed.  Wall-clock time, or with
 * WEIR_BENCH_CPU in the environment processor time.
 */
#include "report/graph/group.h"
#include "report/mem.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { SIZE = 64, STRIDE = 80, SITES = 1000 };

#define HEAP_START 0x555500000000ull
#define ROOT_START 0x7fff00000000ull

struct heap {
        uint64_t count;
        unsigned degree;
        enum { HELD, LOST, LIST, RING } shape;
        uint64_t step; /* of a list or ring, from block to block */
        uint64_t root;
};

static uint64_t mix(uint64_t x)
{
        x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9ull;
        x = (x ^ x >> 27) * 0x94d049bb133111ebull;
        return x ^ x >> 31;
}

static uint64_t address_of(uint64_t block)
{
        return HEAP_START + block * STRIDE;
}

/* What the block holds in that word. */
static uint64_t word_of(const struct heap *heap, uint64_t block, unsigned word)
{
        uint64_t next = block + heap->step;

        if (word >= heap->degree || block >= heap->count)
                return 0;
        if (heap->shape == LIST || heap->shape == RING) {
                next -= next >= heap->count ? heap->count : 0;
                return word || (!next && heap->shape == LIST) ? 0 : address_of(next);
        }
        if (heap->shape == HELD && !word)
                return block + 1 < heap->count ? address_of(block + 1) : 0;
        return address_of((unsigned __int128)mix(block * 8 + word + 1) * heap->count >> 64);
}

static void read_block(const struct heap *heap, uint64_t block, uint64_t *words)
{
        for (unsigned word = 0; word < STRIDE / 8; word++)
                words[word] = word_of(heap, block, word);
}

static size_t heap_read(void *context, uint64_t address, void *buffer, size_t size)
{
        const struct heap *heap = context;
        uint64_t end = heap->count * STRIDE, at = address - HEAP_START;
        uint64_t words[STRIDE / 8];

        if (address - ROOT_START < sizeof heap->root) {
                at = address - ROOT_START;
                size = size < sizeof heap->root - at ? size : sizeof heap->root - at;
                memcpy(buffer, (const uint8_t *)&heap->root + at, size);
                return size;
        }
        if (at >= end)
                return 0;
        size = size < end - at ? size : end - at;
        for (size_t done = 0; done < size;) {
                size_t skip = (at + done) % STRIDE, piece = STRIDE - skip;

                read_block(heap, (at + done) / STRIDE, words);
                piece = piece < size - done ? piece : size - done;
                memcpy((uint8_t *)buffer + done, (const uint8_t *)words + skip, piece);
                done += piece;
        }
        return size;
}

/* Far from the last block, and without a common divisor, so that all blocks
 * come in turn. */
static uint64_t find_step(uint64_t count)
{
        for (uint64_t step = count * 618 / 1000 + 1;; step++) {
                uint64_t a = count, b = step;

                while (b) {
                        uint64_t rest = a % b;

                        a = b;
                        b = rest;
                }
                if (a == 1)
                        return step % count;
        }
}

static double now(void)
{
        struct timespec t;

        clock_gettime(getenv("WEIR_BENCH_CPU") ? CLOCK_PROCESS_CPUTIME_ID : CLOCK_MONOTONIC, &t);
        return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* What one heap took. */
struct result {
        double kinds, groups, bytes; /* seconds; most memory for a block, all in all */
        uint64_t blocks, edges, lost, components;
        size_t group_count;
};

static bool quiet;

static double told(const char *what, double since)
{
        double t = now();

        if (!quiet)
                printf("  %-12s %8.3f s\n", what, t - since);
        return now();
}

/* The most memory this process had, less what it had before. */
static double peak_bytes(void)
{
        struct rusage usage;

        getrusage(RUSAGE_SELF, &usage);
        return (double)usage.ru_maxrss * 1024;
}

static int analyse(const struct snapshot *s, struct result *result)
{
        struct graph g = { .snapshot = s };
        struct groups groups;
        struct error e;
        double start = now(), t = start;

        if (pointers_init(&g.pointers, s->blocks, s->block_count, &e))
                goto failed;
        t = told("pointers", t);
        if (scan_run(&g.scan, s, &g.pointers, &e) || strengths_refine(&g.scan, s, &g.pointers, &e))
                goto failed;
        t = told("scan", t);
        if (confidence_run(&g.confidence, s, &g.pointers, &g.scan, &e))
                goto failed;
        t = told("confidence", t);
        if (components_run(&g.components, &g.scan, &g.confidence, s->block_count, &e))
                goto failed;
        t = told("components", t);
        if (owners_run(&g.owners, &g.components, &g.scan, s->blocks, &e))
                goto failed;
        t = told("owners", t);
        result->kinds = told("kinds, all", start) - start;
        g.lost_blocks = g.components.lost;
        g.lost_bytes = g.components.lost * SIZE;
        t = now();
        if (groups_build(&groups, &g, NULL, &e))
                goto failed;
        result->groups = told("groups", t) - t;
        result->edges = g.scan.edge_count;
        result->lost = g.components.lost;
        result->components = g.components.count;
        result->group_count = groups.count;
        groups_release(&groups);
        graph_release(&g);
        return 0;
failed:
        fprintf(stderr, "bench_graph: %s\n", e.text);
        return 1;
}

static int run(uint64_t count, unsigned degree, const char *shape, struct result *result)
{
        struct heap heap = { .count = count, .degree = degree, .step = find_step(count), .root = HEAP_START };
        struct root root = { .kind = ROOT_GLOBAL, .start = ROOT_START, .end = ROOT_START + sizeof heap.root };
        struct snapshot s = { .block_count = count,
                              .roots = &root,
                              .root_count = !strcmp(shape, "held"),
                              .memory = { .read = heap_read, .context = &heap, .parallel = true } };
        int status;

        heap.shape = !strcmp(shape, "held")   ? HELD
                     : !strcmp(shape, "list") ? LIST
                     : !strcmp(shape, "ring") ? RING
                                              : LOST;
        *result = (struct result){ .blocks = count };
        s.blocks = calloc(count, sizeof *s.blocks);
        if (!s.blocks)
                return 125;
        for (uint64_t i = 0; i < count; i++)
                s.blocks[i] = (struct block){
                        .address = address_of(i), .size = SIZE, .time_ns = i, .stack = 1 + (uint32_t)(i % SITES)
                };
        status = analyse(&s, result);
        free(s.blocks);
        result->bytes = peak_bytes() / (double)count;
        return status;
}

/* In a process of its own, so that its memory can be told. */
static int run_apart(uint64_t count, unsigned degree, const char *shape)
{
        struct result r;
        pid_t pid;
        int status;

        fflush(stdout);
        pid = fork();
        if (pid > 0 && waitpid(pid, &status, 0) == pid)
                return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
        if (pid)
                return 1;
        quiet = true;
        status = run(count, degree, shape, &r);
        printf("%-6s %12lu %12lu %12lu %10lu %9.3f %9.3f %9.1f %9.1f\n", shape, r.blocks, r.edges, r.lost, r.components,
               r.kinds, r.groups, r.kinds * 1e9 / (double)(r.blocks + r.edges), r.bytes);
        fflush(stdout);
        _exit(status);
}

int main(int argc, char **argv)
{
        static const struct {
                uint64_t count;
                unsigned degree;
                const char *shape;
        } table[] = {
                { 10000, 4, "held" },    { 100000, 4, "held" },   { 1000000, 4, "held" }, { 4000000, 4, "held" },
                { 10000, 4, "lost" },    { 100000, 4, "lost" },   { 1000000, 4, "lost" }, { 4000000, 4, "lost" },
                { 10000000, 1, "list" }, { 10000000, 1, "ring" },
        };
        uint64_t count = argc > 1 ? strtoull(argv[1], NULL, 0) : 0;
        unsigned degree = argc > 2 ? (unsigned)strtoul(argv[2], NULL, 0) : 4;
        struct result result;
        int status = 0;

        if (argc > 1) {
                if (!count || degree > SIZE / 8)
                        return 125;
                status = run(count, degree, argc > 3 ? argv[3] : "held", &result);
                printf("  %lu blocks, %lu edges, %lu lost, %lu components, %zu groups\n", result.blocks, result.edges,
                       result.lost, result.components, result.group_count);
                printf("  %.1f bytes a block, the snapshot's %zu with them\n", result.bytes, sizeof(struct block));
                return status;
        }
        printf("shape        blocks        edges         lost components   kinds s  groups s  ns/b+e  bytes/block\n");
        for (size_t i = 0; i < sizeof table / sizeof *table && !status; i++)
                status = run_apart(table[i].count, table[i].degree, table[i].shape);
        return status;
}
