/* The stack table: equal paths are one node, however many there are and whoever
 * is quicker; and it takes no more memory than it says. */
#include "suite.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "../../preload/nodes.h"
#include "../../preload/process.h"

enum { DEPTH = 9, PATHS = 60000, THREADS = 4, MANY = 1 << 20, PAGE = 4096 };

/* What the shim says: one thread, or several. */
static const char alone = 1, together;
const char *process_single = &alone;

static struct nodes nodes;
static _Atomic uint32_t next_node, next_frame;
static uint32_t answers[THREADS][PATHS];

static void *map(size_t bytes)
{
        void *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

        ck_assert_ptr_ne(memory, MAP_FAILED);
        return memory;
}

static void begin(uint32_t capacity)
{
        next_node = next_frame = 0;
        nodes = (struct nodes){
                .table = map(capacity * sizeof *nodes.table),
                .frames = map(capacity * sizeof *nodes.frames),
                .capacity = capacity,
                .frame_capacity = capacity,
                .next = &next_node,
                .next_frame = &next_frame,
        };
        ck_assert(nodes_init(&nodes));
}

static uint16_t module(void *context, uintptr_t address)
{
        (void)context, (void)address;
        return 1;
}

/* Path number `n`, innermost first: numbers near each other share their outer
 * frames. */
static uintptr_t pc_of(uint32_t n, unsigned depth)
{
        uint32_t digits = n >> depth * 2;

        return 0x400000 + 16 * (uintptr_t)(digits * DEPTH + depth);
}

static uint32_t intern(uint32_t n)
{
        struct trail_frame frames[DEPTH];
        struct nodes_request request = {
                .frames = frames, .count = DEPTH, .function = WEIR_FN_MALLOC, .module = module
        };

        memset(frames, 0, sizeof frames);
        for (unsigned i = 0; i < DEPTH; i++)
                frames[i].pc = pc_of(n, i);
        return nodes_intern(&nodes, &request);
}

static bool is_path(uint32_t n, uint32_t node)
{
        for (unsigned i = 0; i < DEPTH; i++) {
                struct weir_node known = nodes.table[node];

                if (node == 0 || weir_node_parent(known) >= node)
                        return false;
                if ((nodes.frames[weir_node_frame(known)].pc_module ^ pc_of(n, i)) << 16)
                        return false;
                node = weir_node_parent(known);
        }
        return node == 0;
}

START_TEST(equal_paths_are_one_node)
{
        uint32_t before;

        begin(MANY);
        for (uint32_t n = 0; n < PATHS; n++)
                answers[0][n] = intern(n);
        before = next_node;
        for (uint32_t n = 0; n < PATHS; n++) {
                ck_assert_uint_eq(intern(n), answers[0][n]);
                ck_assert(is_path(n, answers[0][n]));
        }
        ck_assert_uint_eq(next_node, before);
}
END_TEST

static size_t resident(const struct lookup_level *level)
{
        size_t pages = level->size * sizeof(uint32_t) / PAGE, count = 0;
        unsigned char *there = malloc(pages);

        ck_assert_ptr_nonnull(there);
        ck_assert_int_eq(mincore(level->entries, pages * PAGE, there), 0);
        for (size_t i = 0; i < pages; i++)
                count += there[i] & 1;
        free(there);
        return count * PAGE;
}

/* All levels but the last are given back. */
static void assert_memory(const struct lookup *l)
{
        const struct lookup_level *level = l->levels;

        for (; lookup_next(level); level++)
                ck_assert_uint_eq(resident(level), 0);
        ck_assert_ptr_eq(l->level, level);
        if (level->size > LOOKUP_SMALL)
                ck_assert_uint_le(level->size * sizeof(uint32_t), *l->count * 75ul / 10 + PAGE);
}

START_TEST(memory_is_in_proportion)
{
        begin(MANY);
        for (uint32_t n = 0; n < 4 * PATHS; n += 1 + n % 3) {
                ck_assert_uint_ne(intern(n), 0);
                if (n % 10000 < 3) {
                        assert_memory(&nodes.paths);
                        assert_memory(&nodes.sites);
                }
        }
        ck_assert_uint_gt(next_node, 100000);
}
END_TEST

/* Threads that begin at the same time, at places of their own, and meet. */
static _Atomic unsigned ready;

static void begin_together(void)
{
        begin(MANY);
        process_single = &together;
        ready = 0;
}

static void *intern_all(void *argument)
{
        uint32_t *answer = argument, first = (uint32_t)((answer - answers[0]) / PATHS) * (PATHS / THREADS / 8);

        ready++;
        while (ready < THREADS)
                sched_yield();
        for (uint32_t i = 0; i < PATHS; i++)
                answer[(first + i) % PATHS] = intern((first + i) % PATHS);
        return NULL;
}

static int intern_all_of_child(void *argument)
{
        (void)intern_all(argument);
        return 0;
}

static void assert_agreed(void)
{
        for (unsigned t = 1; t < THREADS; t++)
                ck_assert_mem_eq(answers[t], answers[0], sizeof answers[0]);
        for (uint32_t n = 0; n < PATHS; n++)
                ck_assert(is_path(n, answers[0][n]));
}

START_TEST(threads_agree)
{
        pthread_t threads[THREADS];

        begin_together();
        for (unsigned t = 0; t < THREADS; t++)
                ck_assert_int_eq(pthread_create(&threads[t], NULL, intern_all, answers[t]), 0);
        for (unsigned t = 0; t < THREADS; t++)
                ck_assert_int_eq(pthread_join(threads[t], NULL), 0);
        assert_agreed();
}
END_TEST

/* libc takes this process for one of one thread. */
START_TEST(threads_that_libc_does_not_know_agree)
{
        enum { STACK = 1 << 18 };
        pid_t children[THREADS];
        int status;

        begin_together();
        for (unsigned t = 0; t < THREADS; t++) {
                children[t] = clone(intern_all_of_child, (char *)map(STACK) + STACK,
                                    CLONE_VM | CLONE_FS | CLONE_FILES | SIGCHLD, answers[t]);
                ck_assert_int_gt(children[t], 0);
        }
        for (unsigned t = 0; t < THREADS; t++) {
                ck_assert_int_eq(waitpid(children[t], &status, 0), children[t]);
                ck_assert_int_eq(status, 0);
        }
        assert_agreed();
}
END_TEST

START_TEST(a_full_table_says_so)
{
        uint32_t first, n = 0;

        begin(2048);
        first = intern(0);
        while (intern(n))
                n++;
        ck_assert_uint_eq(next_node, 2048);
        ck_assert_uint_eq(intern(n), 0);
        ck_assert_uint_eq(intern(0), first);
}
END_TEST

START_TEST(there_are_levels_for_all_numbers)
{
        const struct lookup_level *level = nodes.paths.levels;

        begin(MANY);
        while (level[1].size) {
                ck_assert_uint_gt(level[1].size, level->size);
                level++;
        }
        ck_assert_uint_ge(level->limit, LOOKUP_NUMBERS);
        ck_assert_int_lt(level - nodes.paths.levels, LOOKUP_LEVELS - 1);
}
END_TEST

SUITE_MAIN("nodes", equal_paths_are_one_node, memory_is_in_proportion, threads_agree,
           threads_that_libc_does_not_know_agree, a_full_table_says_so, there_are_levels_for_all_numbers)
