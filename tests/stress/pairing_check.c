/*
 * Runs pairing-target under weir and compares the blocks of the capture with
 * its own log of what must be live: address, size and thread of each.
 *
 *     pairing-check WEIR TARGET THREADS ROUNDS [forget]
 *
 * Blocks that other modules allocated, libc for its threads, are not in the log
 * and not compared.  With `forget` the last block of the log is passed over, which
 * must not go unnoticed.
 */
#include "../unit/exact.h"
#include "capture/file.h"
#include "collect/process.h"
#include "mem.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

struct entry {
        uint64_t address, size;
        long thread; /* the log's: kernel's number; the capture's: ordinal */
};

struct table {
        struct entry *entries;
        size_t count;
};

static unsigned complaints;

#define COMPLAIN(...) (complaints++ < 20 ? (void)printf(__VA_ARGS__) : (void)0)

static int by_address(const void *a, const void *b)
{
        const struct entry *x = a, *y = b;

        return (x->address > y->address) - (x->address < y->address);
}

static void add(struct table *table, struct entry entry)
{
        table->entries = realloc(table->entries, (table->count + 1) * sizeof entry);
        if (!table->entries)
                abort();
        table->entries[table->count++] = entry;
}

static void run(const char *weir, const char *target, const char *log, const char *capture, char **arguments)
{
        pid_t child = fork();
        int status;

        if (child == 0) {
                execl(weir, weir, "run", "-q", "--capture", capture, "--", target, log, arguments[0], arguments[1],
                      (char *)NULL);
                _exit(127);
        }
        if (child < 0 || waitpid(child, &status, 0) != child || status) {
                printf("the target did not run to its end\n");
                exit(1);
        }
}

static struct table read_log(const char *path)
{
        struct table table = { 0 };
        struct entry entry;
        FILE *file = fopen(path, "r");

        if (!file)
                abort();
        while (fscanf(file, "%" SCNx64 " %" SCNu64 " %ld\n", &entry.address, &entry.size, &entry.thread) == 3)
                add(&table, entry);
        (void)fclose(file);
        return table;
}

/* Whether the program itself called the allocation function. */
static bool is_own(struct process *process, uint32_t stack)
{
        struct process_stack frames;
        const struct process_module *module;
        bool own = false;

        if (process_stack(process, stack, &frames, NULL))
                abort();
        module = frames.count ? process_module(process, frames.frames[0].module) : NULL;
        own = module && !strcmp(module->path, process->exe);
        mem_free(frames.frames);
        return own;
}

static struct table read_blocks(struct capture_file *file, struct process *process)
{
        const struct capture_heap *heap = capture_file_heap(file, process);
        struct table table = { 0 };

        for (size_t i = 0; heap && i < heap->snapshot.block_count; i++) {
                const struct block *block = &heap->snapshot.blocks[i];

                if (is_own(process, block->stack))
                        add(&table, (struct entry){ block->address, block->size, block->thread });
        }
        return table;
}

/* Every thread has one ordinal, and no other thread has it. */
static void check_threads(const struct table *log, const struct table *seen)
{
        for (size_t i = 0; i < log->count; i++)
                for (size_t j = 0; j < i; j++)
                        if ((log->entries[i].thread == log->entries[j].thread) !=
                            (seen->entries[i].thread == seen->entries[j].thread))
                                COMPLAIN("threads of %" PRIx64 " and %" PRIx64 " are mixed up\n",
                                         log->entries[i].address, log->entries[j].address);
}

static void compare(struct table *log, struct table *seen)
{
        size_t i = 0, j = 0;

        qsort(log->entries, log->count, sizeof *log->entries, by_address);
        qsort(seen->entries, seen->count, sizeof *seen->entries, by_address);
        while (i < log->count || j < seen->count) {
                const struct entry *a = &log->entries[i], *b = &seen->entries[j];
                int order = i == log->count ? 1 : j == seen->count ? -1 : by_address(a, b);

                if (order < 0)
                        COMPLAIN("missing: %" PRIx64 ", %" PRIu64 " bytes\n", a->address, a->size);
                else if (order > 0)
                        COMPLAIN("not live: %" PRIx64 ", %" PRIu64 " bytes\n", b->address, b->size);
                else if (a->size != b->size)
                        COMPLAIN("%" PRIx64 " has %" PRIu64 " bytes, not %" PRIu64 "\n", a->address, a->size, b->size);
                i += order <= 0;
                j += order >= 0;
        }
        if (!complaints)
                check_threads(log, seen);
}

static void check_totals(const struct process *process)
{
        if (!process_exact(process))
                COMPLAIN("something was lost\n");
        if (process->totals.unknown_frees || process->totals.reused || process->totals.restores_lost)
                COMPLAIN("%" PRIu64 " releases of nothing, %" PRIu64 " allocations of live addresses, %" PRIu64
                         " failed reallocs of nothing\n",
                         process->totals.unknown_frees, process->totals.reused, process->totals.restores_lost);
        if (process->garbage || process->uncommitted)
                COMPLAIN("%" PRIu64 " records make no sense, %" PRIu64 " are not complete\n", process->garbage,
                         process->uncommitted);
}

int main(int argc, char **argv)
{
        char directory[] = "/tmp/weir-pairing-XXXXXX", log[64], capture[64];
        struct error e = { 0 };
        struct capture_file *file;
        struct process *process;
        struct table expected, seen;

        if (argc < 5 || !mkdtemp(directory))
                return 2;
        (void)snprintf(log, sizeof log, "%s/log", directory);
        (void)snprintf(capture, sizeof capture, "%s/capture", directory);
        run(argv[1], argv[2], log, capture, argv + 3);
        expected = read_log(log);
        file = capture_file_open(capture, &e);
        (void)unlink(log);
        (void)unlink(capture);
        (void)rmdir(directory);
        if (!file) {
                printf("%s\n", e.text);
                return 1;
        }
        expected.count -= argc > 5;
        process = capture_file_run(file)->processes;
        seen = read_blocks(file, process);
        compare(&expected, &seen);
        check_totals(process);
        printf("%zu blocks live of %" PRIu64 " events, %" PRIu64 " waits; %u complaints\n", expected.count,
               process->totals.events, process->waits, complaints);
        if (expected.count < 100)
                COMPLAIN("the target kept too little to compare\n");
        free(expected.entries);
        free(seen.entries);
        capture_file_close(file);
        return complaints != 0;
}
