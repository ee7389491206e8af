/*
 * bench_capture.c: how long weir takes over a capture file, and how much memory.
 *
 *     bench_capture WEIR                       a table of sizes and shapes
 *     bench_capture WEIR BLOCKS [SHAPE]        one of them
 *     bench_capture --write FILE BLOCKS SHAPE  makes the file only
 *
 * The files have made-up heaps (made_up.h) with four pointers a block and are
 * written piece by piece, so that they may be larger than memory; they lie in
 * TMPDIR meanwhile, a hundred million blocks in 3 GB.  With `--long` in WEIR_BENCH
 * the table ends with those.
 */
#include "made_up.h"

#include "report/capture/file.h"
#include "report/capture/file_section.h"
#include "report/mem.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { DEGREE = 4, PART = 1 << 18 /* blocks; a multiple of a page */ };

/* ---- making the file --------------------------------------------------------- */

/* The only process, with a stack of one frame for each site. */
static struct process *made_up_process(uint64_t count)
{
        static struct process_kept_node nodes[MADE_UP_SITES];
        static struct process_module module = { .id = 1, .start = 0x400000, .end = 0x500000 };
        static struct process process;

        module.path = (char *)"/made-up/program";
        for (uint32_t i = 0; i < MADE_UP_SITES; i++)
                nodes[i] = (struct process_kept_node){
                        1 + i, { UINT64_C(1) << 48 | (module.start + 16 * i), 0, WEIR_FN_MALLOC }
                };
        process = (struct process){ .pid = 1,
                                    .exe = module.path,
                                    .cwd = (char *)"/",
                                    .state = PROCESS_OVER,
                                    .end_how = END_EXITED,
                                    .end_known = true,
                                    .modules = &module,
                                    .module_count = 1,
                                    .nodes = nodes,
                                    .node_count = MADE_UP_SITES };
        process.totals.allocations = process.totals.events = process.totals.live_blocks = count;
        process.totals.live_bytes = process.totals.allocated_bytes = process.totals.peak_bytes = count * MADE_UP_SIZE;
        return &process;
}

/* `s` has room for PART blocks. */
static int write_heap(struct capture_writer *writer, struct snapshot *s, uint64_t count, struct error *e)
{
        const struct root *roots = s->roots;
        size_t root_count = s->root_count;
        struct watch nothing = { .snapshot = s };

        s->root_count = 0;
        for (uint64_t first = 0; first < count; first += PART) {
                s->block_count = count - first < PART ? count - first : PART;
                made_up_blocks(s->blocks, first, s->block_count);
                if (heap_write_blocks(writer, 0, s->blocks, s->block_count, e) ||
                    image_write(writer, 0, s, &nothing, NULL, e))
                        return -1;
        }
        s->block_count = 0;
        s->roots = (struct root *)roots;
        s->root_count = root_count;
        return heap_write_roots(writer, 0, s, NULL, e) || image_write(writer, 0, s, &nothing, NULL, e) ? -1 : 0;
}

static int write_file(const char *path, uint64_t count, const char *shape)
{
        static char *const command[] = { (char *)"made-up", NULL };
        struct process *process = made_up_process(count);
        struct collector_result run = { .processes = process, .process_count = 1, .command_ended = true };
        struct made_up heap = made_up_heap(count, DEGREE, shape);
        struct snapshot s = made_up_snapshot(&heap);
        struct error e = { 0 };
        struct capture_writer *writer = capture_writer_create(path, &e);
        int status = -1;

        s.heap_bytes = count * MADE_UP_SIZE;
        s.blocks = mem_alloc(PART, sizeof *s.blocks);
        if (writer && s.blocks && !write_heap(writer, &s, count, &e) &&
            !capture_writer_snapshot(writer, process, &s, &e))
                status = capture_writer_finish(writer, command, &run, &e);
        if (status)
                fprintf(stderr, "bench_capture: %s\n", e.text);
        capture_writer_destroy(writer);
        mem_free(s.blocks);
        return status;
}

/* ---- reading it -------------------------------------------------------------- */

static double now(void)
{
        struct timespec t;

        clock_gettime(CLOCK_MONOTONIC, &t);
        return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* `weir report FILE`; 0 when it said something. */
static int report(const char *weir, const char *path, double *seconds, struct rusage *usage)
{
        double start = now();
        pid_t pid;
        int status;

        fflush(stdout);
        pid = fork();
        if (!pid) {
                if (!freopen("/dev/null", "w", stdout))
                        _exit(126);
                execl(weir, weir, "report", path, (char *)NULL);
                _exit(127);
        }
        if (pid < 0 || wait4(pid, &status, 0, usage) != pid)
                return -1;
        *seconds = now() - start;
        return WIFEXITED(status) && !WEXITSTATUS(status) ? 0 : -1;
}

static int run(const char *weir, uint64_t count, const char *shape)
{
        const char *directory = getenv("TMPDIR");
        double start = now(), written, seconds;
        struct rusage usage;
        struct stat st;
        char path[256];
        int status = -1;

        snprintf(path, sizeof path, "%s/weir-bench-%d.weir", directory ? directory : "/tmp", (int)getpid());
        if (!write_file(path, count, shape) && !stat(path, &st)) {
                written = now() - start;
                status = report(weir, path, &seconds, &usage);
                if (!status)
                        printf("%-6s %12lu %10.1f %9.1f %9.1f %9.2f %9.0f %11.1f\n", shape, count,
                               (double)st.st_size / 1e6, (double)st.st_size / (double)count, written, seconds,
                               (double)usage.ru_maxrss / 1024, (double)usage.ru_maxrss * 1024 / (double)count);
                else
                        fprintf(stderr, "bench_capture: weir report failed\n");
        }
        (void)unlink(path);
        return status;
}

int main(int argc, char **argv)
{
        static const struct {
                uint64_t count;
                bool is_long;
        } table[] = { { 100000, false }, { 1000000, false }, { 4000000, false }, { 100000000, true } };
        const char *wanted = getenv("WEIR_BENCH");
        bool all = wanted && strstr(wanted, "--long");

        if (argc == 5 && !strcmp(argv[1], "--write"))
                return write_file(argv[2], strtoull(argv[3], NULL, 0), argv[4]) ? 1 : 0;
        if (argc < 2)
                return 125;
        printf("weir report of a capture file: blocks with %d pointers each\n\n", DEGREE);
        printf("shape        blocks    file MB  bytes/blk   made in   seconds  peak MiB  bytes/block\n");
        if (argc > 2)
                return run(argv[1], strtoull(argv[2], NULL, 0), argc > 3 ? argv[3] : "held") ? 1 : 0;
        for (size_t i = 0; i < sizeof table / sizeof *table; i++)
                if ((all || !table[i].is_long) &&
                    (run(argv[1], table[i].count, "held") || run(argv[1], table[i].count, "lost")))
                        return 1;
        return 0;
}
