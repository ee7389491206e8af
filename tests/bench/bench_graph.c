/*
 * bench_graph.c: the processor time of each stage of the graph on a generated
 * heap.
 *
 *     bench_graph [BLOCKS [EDGES-PER-BLOCK [SHAPE]]]
 *
 * SHAPE is `random` (all held), `lost` (the same, nothing held), `list` or
 * `ring` (lost).  Blocks are 64 bytes of 80; the contents come from one flat
 * image by memcpy, as a capture's would.
 */
#include "report/graph/group.h"
#include "report/mem.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

enum { SIZE = 64, STRIDE = 80, SITES = 1000 };

#define HEAP_START 0x555500000000ull
#define ROOT_START 0x7fff00000000ull

struct image {
        uint8_t *bytes;
        uint64_t size;
        uint64_t root[512];
};

static size_t image_read(void *context, uint64_t address, void *buffer, size_t size)
{
        const struct image *image = context;
        uint64_t at = address - HEAP_START;

        if (address - ROOT_START < sizeof image->root) {
                at = address - ROOT_START;
                size = size < sizeof image->root - at ? size : sizeof image->root - at;
                memcpy(buffer, (const uint8_t *)image->root + at, size);
                return size;
        }
        if (at >= image->size)
                return 0;
        size = size < image->size - at ? size : image->size - at;
        memcpy(buffer, image->bytes + at, size);
        return size;
}

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

        clock_gettime(getenv("WEIR_BENCH_CPU") ? CLOCK_PROCESS_CPUTIME_ID : CLOCK_MONOTONIC, &t);
        return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static double told(const char *what, double since)
{
        double t = now();

        printf("  %-12s %8.3f s\n", what, t - since);
        return now();
}

static uint64_t *word_of(struct image *image, uint64_t block, unsigned word)
{
        return (uint64_t *)(image->bytes + block * STRIDE) + word;
}

static void fill(struct image *image, uint64_t count, unsigned degree, const char *shape)
{
        for (uint64_t i = 0; i < count; i++) {
                if (!strcmp(shape, "list") || !strcmp(shape, "ring")) {
                        if (i + 1 < count || !strcmp(shape, "ring"))
                                *word_of(image, i, 0) = HEAP_START + (i + 1) % count * STRIDE;
                        continue;
                }
                for (unsigned j = 0; j < degree; j++)
                        *word_of(image, i, j) = HEAP_START + next_random() % count * STRIDE;
        }
        if (!strcmp(shape, "random")) {
                for (size_t i = 0; i < 512; i++)
                        image->root[i] = HEAP_START + next_random() % count * STRIDE;
        }
}

static int run(const struct snapshot *s)
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
        told("kinds, all", start);
        for (uint64_t i = 0; i < g.components.lost; i++)
                g.lost_bytes += SIZE;
        t = now();
        if (groups_build(&groups, &g, NULL, &e))
                goto failed;
        told("groups", t);
        printf("  %lu blocks, %lu edges, %lu lost, %lu components, %lu sources, %zu groups\n", s->block_count,
               g.scan.edge_count, g.components.lost, g.components.count, g.owners.source_count, groups.count);
        groups_release(&groups);
        graph_release(&g);
        return 0;
failed:
        fprintf(stderr, "bench_graph: %s\n", e.text);
        return 1;
}

int main(int argc, char **argv)
{
        uint64_t count = argc > 1 ? strtoull(argv[1], NULL, 0) : 1000000;
        unsigned degree = argc > 2 ? (unsigned)strtoul(argv[2], NULL, 0) : 4;
        const char *shape = argc > 3 ? argv[3] : "random";
        struct image image = { .size = count * STRIDE };
        struct root root = { .kind = ROOT_GLOBAL, .start = ROOT_START, .end = ROOT_START + sizeof image.root };
        struct snapshot s = { .block_count = count,
                              .roots = &root,
                              .root_count = 1,
                              .memory = { .read = image_read, .context = &image, .parallel = true } };
        struct rusage usage;
        int status;

        if (!count || degree > SIZE / 8)
                return 125;
        image.bytes = calloc(count, STRIDE);
        s.blocks = calloc(count, sizeof *s.blocks);
        if (!image.bytes || !s.blocks)
                return 125;
        for (uint64_t i = 0; i < count; i++)
                s.blocks[i] = (struct block){ .address = HEAP_START + i * STRIDE,
                                              .size = SIZE,
                                              .time_ns = i,
                                              .stack = 1 + (uint32_t)(i % SITES) };
        fill(&image, count, degree, shape);
        getrusage(RUSAGE_SELF, &usage);
        printf("%s, %lu blocks, %u edges each\n", shape, count, degree);
        long before = usage.ru_maxrss;
        status = run(&s);
        getrusage(RUSAGE_SELF, &usage);
        printf("  %.1f bytes a block beside the snapshot\n", (double)(usage.ru_maxrss - before) * 1024 / (double)count);
        free(image.bytes);
        free(s.blocks);
        return status;
}
