/*
 * bench_graph.c: the time of each stage of the graph on a generated heap, and
 * the memory it takes.
 *
 *     bench_graph                               a table of sizes and shapes
 *     bench_graph BLOCKS [POINTERS [SHAPE]]     one of them, by stages
 *
 * SHAPE is `held` (random, all held), `most` (but for one block of a thousand: the
 * second look for unaligned pointers is taken), `lost` (nothing held), `list` or
 * `ring` (lost, in an order far from that of addresses).  Blocks are 64 bytes of
 * 80; their contents are made up when they are read, so that heaps larger than
 * this machine's memory can be analysed.  Wall-clock time, or with
 * WEIR_BENCH_CPU in the environment processor time.
 */
#include "made_up.h"

#include "report/graph/group.h"
#include "report/mem.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

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
        g.lost_bytes = g.components.lost * MADE_UP_SIZE;
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
        struct made_up heap = made_up_heap(count, degree, shape);
        struct snapshot s = made_up_snapshot(&heap);
        int status;

        *result = (struct result){ .blocks = count };
        s.blocks = calloc(count, sizeof *s.blocks);
        if (!s.blocks)
                return 125;
        made_up_blocks(s.blocks, 0, count);
        s.block_count = count;
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
                { 10000, 4, "held" },   { 100000, 4, "held" },   { 1000000, 4, "held" },  { 4000000, 4, "held" },
                { 4000000, 4, "most" }, { 10000, 4, "lost" },    { 100000, 4, "lost" },   { 1000000, 4, "lost" },
                { 4000000, 4, "lost" }, { 10000000, 1, "list" }, { 10000000, 1, "ring" },
        };
        uint64_t count = argc > 1 ? strtoull(argv[1], NULL, 0) : 0;
        unsigned degree = argc > 2 ? (unsigned)strtoul(argv[2], NULL, 0) : 4;
        struct result result;
        int status = 0;

        if (argc > 1) {
                if (!count || degree > MADE_UP_SIZE / 8)
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
