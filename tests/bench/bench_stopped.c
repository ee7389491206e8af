/*
 * bench_stopped.c: how long a process stands still until each block has its
 * kind, beside LeakSanitizer's own check of the same heap, in one run.
 *
 *     bench_stopped HEAP-PROGRAM [BLOCKS [SHAPE]]
 *
 * The process is a real one (workloads/heap.c), with 4 million blocks and 16
 * million pointers unless told otherwise.  Weir's time is wall-clock time from
 * the stop to kinds, components and exclusive sizes, with the sorting of the
 * live blocks and the finding of the roots; then until the leaks are grouped.
 * Where a capture is wanted, the process stands still until its memory is
 * copied.
 * LeakSanitizer's is that of __lsan_do_recoverable_leak_check in the program
 * with the library preloaded and no weir about.  Each is the best of three.
 */
#include "report/capture/capture.h"
#include "report/collect/live.h"
#include "report/graph/group.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { SIZE = 64, SITES = 1000, ROUNDS = 3 };

static const char *program;
static uint64_t block_count = 4000000;

static double now(void)
{
        struct timespec t;

        clock_gettime(CLOCK_MONOTONIC, &t);
        return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static double least(double a, double b)
{
        return a <= 0 || b < a ? b : a;
}

/* The program */

struct child {
        pid_t pid;
        int input;    /* its end lets the program end */
        FILE *output; /* what it says */
        int addresses;
};

static void run_program(const struct child *child, const char *shape, const int *input, const int *output,
                        bool sanitizer)
{
        char count[32], descriptor[16];

        snprintf(count, sizeof count, "%lu", block_count);
        snprintf(descriptor, sizeof descriptor, "%d", child->addresses);
        dup2(input[0], STDIN_FILENO);
        dup2(output[1], STDOUT_FILENO);
        dup2(open("/dev/null", O_WRONLY), STDERR_FILENO); /* LeakSanitizer's report; the loader's regret without it */
        close(input[1]);
        if (sanitizer)
                setenv("LD_PRELOAD", "liblsan.so.0", 1);
        execl(program, program, count, shape, descriptor, (char *)NULL);
        _exit(127);
}

static bool start(struct child *child, const char *shape, bool sanitizer)
{
        int input[2], output[2];

        child->addresses = memfd_create("addresses", 0);
        if (child->addresses < 0 || pipe2(input, O_CLOEXEC) || pipe2(output, O_CLOEXEC))
                return false;
        child->pid = fork();
        if (child->pid < 0)
                return false;
        if (!child->pid)
                run_program(child, shape, input, output, sanitizer);
        close(input[0]);
        close(output[1]);
        child->input = input[1];
        child->output = fdopen(output[0], "r");
        return child->output != NULL;
}

static void finish(struct child *child)
{
        close(child->input);
        fclose(child->output);
        close(child->addresses);
        waitpid(child->pid, NULL, 0);
}

/* LeakSanitizer's seconds; 0 where there is none. */
static double check_by_sanitizer(const char *shape)
{
        struct child child;
        char line[64];
        double best = 0;

        if (!start(&child, shape, true))
                return 0;
        while (fgets(line, sizeof line, child.output) && strcmp(line, "ready\n") != 0)
                best = least(best, strtod(line, NULL));
        finish(&child);
        return best;
}

/* Weir */

struct times {
        double kinds, groups, copied;
        uint64_t edges, lost;
};

static int list_blocks(void *context, struct capture_request *request, struct error *e)
{
        return live_blocks(context, &request->blocks, &request->block_count, e);
}

/* Fills the table of live blocks, as the collector does while the program
 * runs. */
static bool learn_blocks(struct live *live, int addresses)
{
        size_t size = block_count * sizeof(uint64_t);
        const uint64_t *list = mmap(NULL, size, PROT_READ, MAP_SHARED, addresses, 0);

        if (list == MAP_FAILED)
                return false;
        for (uint64_t i = 0; i < block_count; i++)
                live_alloc(live, list[i], SIZE, 1 + (uint32_t)(i % SITES), 0, 0, i);
        munmap((void *)(uintptr_t)list, size);
        return !live->no_memory;
}

static int look(struct capture_request *request, struct times *best)
{
        double start_time = now();
        struct snapshot snapshot;
        struct groups groups;
        struct graph graph;
        struct error e;

        if (snapshot_take(&snapshot, request, &e) || graph_analyse(&graph, &snapshot, &e)) {
                fprintf(stderr, "bench_stopped: %s\n", e.text);
                return -1;
        }
        best->kinds = least(best->kinds, now() - start_time);
        best->edges = graph.scan.edge_count;
        best->lost = graph.lost_blocks;
        if (groups_build(&groups, &graph, NULL, &e)) {
                fprintf(stderr, "bench_stopped: %s\n", e.text);
                return -1;
        }
        best->groups = least(best->groups, now() - start_time);
        groups_release(&groups);
        graph_release(&graph);
        snapshot_release(&snapshot);
        return 0;
}

/* The stop of a run with --capture. */
static int copy(struct capture_request *request, struct times *best)
{
        struct snapshot snapshot;
        struct error e;

        if (snapshot_take(&snapshot, request, &e)) {
                fprintf(stderr, "bench_stopped: %s\n", e.text);
                return -1;
        }
        if (snapshot_copy(&snapshot))
                best->copied = least(best->copied, (double)snapshot.pause_ns / 1e9);
        snapshot_release(&snapshot);
        return 0;
}

static int check_by_weir(const char *shape, struct times *best)
{
        struct live *live = calloc(1, sizeof *live);
        struct child child;
        char line[64] = "";
        int status = -1;

        *best = (struct times){ 0 };
        if (live && start(&child, shape, false)) {
                if (fgets(line, sizeof line, child.output) && !strcmp(line, "ready\n") &&
                    learn_blocks(live, child.addresses))
                        status = 0;
                for (int round = 0; round < ROUNDS && !status; round++) {
                        struct capture_request request = {
                                .pid = child.pid, .at = "request", .after_stop = list_blocks, .context = live
                        };

                        status = copy(&request, best) || look(&request, best) ? -1 : 0;
                }
                finish(&child);
                live_deinit(live);
        }
        free(live);
        return status;
}

int main(int argc, char **argv)
{
        static const char *const shapes[] = { "held", "lost", "list", "ring" };

        if (argc < 2)
                return 125;
        program = argv[1];
        if (argc > 2)
                block_count = strtoull(argv[2], NULL, 0);
        signal(SIGPIPE, SIG_IGN);
        printf("%lu blocks of %d bytes in a real process; seconds from the stop, best of %d\n\n", block_count, SIZE,
               ROUNDS);
        printf("shape      pointers       lost  LeakSanitizer  weir: kinds   ratio  weir: leaks  capture\n");
        for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
                struct times weir;
                double sanitizer;

                if (argc > 3 && strcmp(argv[3], shapes[i]) != 0)
                        continue;
                sanitizer = check_by_sanitizer(shapes[i]);
                if (check_by_weir(shapes[i], &weir))
                        return 1;
                printf("%-6s %12lu %10lu %14.3f %12.3f %7.2f %12.3f %8.3f\n", shapes[i], weir.edges, weir.lost,
                       sanitizer, weir.kinds, sanitizer > 0 ? weir.kinds / sanitizer : 0, weir.groups, weir.copied);
                fflush(stdout);
        }
        return 0;
}
