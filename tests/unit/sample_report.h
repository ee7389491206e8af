/*
 * sample_report.h: a report with one of everything, for the tests of what reads,
 * prints or judges reports.
 *
 * Its leaks, in their order:
 *     0  definite   96 bytes in 2 blocks, exclusive 4196 in 12; type Node
 *     1  cycle      128 bytes in 4 blocks: 2 cycles of 2 blocks
 *     2  definite   7 bytes in 1 block, suppressed
 *     3  indirect   4100 bytes in 10 blocks, owned by leak 0
 *     4  possible   50 bytes in 1 block, weak link interior
 */
#ifndef WEIR_TEST_SAMPLE_REPORT_H
#define WEIR_TEST_SAMPLE_REPORT_H

#include "emit/report.h"

#include <assert.h>
#include <string.h>

#define SAMPLE_LIST(report, to, count, ...)                                                        \
        do {                                                                                       \
                const typeof(*(to)) list_[] = __VA_ARGS__;                                         \
                (to) = report_array((report), sizeof list_ / sizeof list_[0], sizeof list_[0]);    \
                assert(to);                                                         \
                memcpy((void *)(to), list_, sizeof list_);                                         \
                (count) = sizeof list_ / sizeof list_[0];                                          \
        } while (0)

#define SAMPLE_ID_DEFINITE "15543575ecb3d42d"
#define SAMPLE_ID_CYCLE    "7bce98a5ee79edfc"

#define SAMPLE_APP  "/srv/app/bin/app"
#define SAMPLE_LIB  "/usr/lib/x86_64-linux-gnu/libfoo.so.1"
#define SAMPLE_LIBC "/lib/x86_64-linux-gnu/libc.so.6"

static inline void sample_stack(struct report *report, struct report_leak *leak, const char *inner, uint32_t line)
{
        SAMPLE_LIST(report, leak->stack, leak->stack_count,
                    {
                            { .function = "malloc" },
                            { .function = inner, .module = SAMPLE_APP, .offset = 0x1234, .build_id = "0123abcd",
                              .file = "/srv/app/src/list.c", .line = line, .inlined = true },
                            { .function = "build_all", .module = SAMPLE_APP, .offset = 0x1234, .build_id = "0123abcd",
                              .file = "/srv/app/src/build.c", .line = 70 },
                            { .module = SAMPLE_LIB, .offset = 0x99f0 },
                            { .function = "ns::Runner::run(int)", .linkage_name = "_ZN2ns6Runner3runEi",
                              .module = SAMPLE_LIB, .offset = 0x8000 },
                            { .function = "main", .module = SAMPLE_APP, .offset = 0x1100,
                              .file = "../src/main.c", .directory = "/srv/app/build", .line = 12 },
                            { .function = "__libc_start_call_main", .module = SAMPLE_LIBC, .offset = 0x27249 },
                            { .function = "_start", .module = SAMPLE_APP, .offset = 0x1000 },
                    });
}

static inline void sample_members(struct report *report, struct report_leak *leak)
{
        SAMPLE_LIST(report, leak->processes, leak->process_count, { 100, 101 });
        SAMPLE_LIST(report, leak->threads, leak->thread_count, { 1, 3 });
        leak->first_ns = 1000;
        leak->last_ns = 5000000;
}

static inline void sample_definite(struct report *report, struct report_leak *leak)
{
        struct report_example *example;

        leak->kind = KIND_DEFINITE;
        leak->blocks = 2;
        leak->bytes = 96;
        leak->exclusive_blocks = 12;
        leak->exclusive_bytes = 4196;
        leak->type = "Node";
        SAMPLE_LIST(report, leak->sizes, leak->size_count, { { 32, 1 }, { 64, 1 } });
        sample_stack(report, leak, "list_push", 42);
        SAMPLE_LIST(report, leak->examples, leak->example_count,
                    { { .address = 0x7f0000001000, .size = 64, .process = 100, .thread = 1, .reference_count = 1 } });
        example = &leak->examples[0];
        SAMPLE_LIST(report, example->referenced_by, example->referenced_by_count,
                    { { .from = "0x7f0000002000", .offset = 8, .strength = STRENGTH_INTERIOR } });
        SAMPLE_LIST(report, example->references, example->references_count,
                    { { .to = "0x7f0000003000", .offset = 16, .strength = STRENGTH_EXACT } });
}

static inline void sample_cycle(struct report *report, struct report_leak *leak)
{
        leak->kind = KIND_CYCLE;
        leak->blocks = 4;
        leak->bytes = leak->exclusive_bytes = 128;
        leak->exclusive_blocks = 4;
        SAMPLE_LIST(report, leak->sizes, leak->size_count, { { 24, 2 }, { 40, 2 } });
        sample_stack(report, leak, "parent_new", 8);
        leak->cycle = report_array(report, 1, sizeof *leak->cycle);
        assert(leak->cycle);
        leak->cycle->blocks = leak->cycle->edges = leak->cycle->length = 2;
        leak->cycle->break_at_total = 2;
        SAMPLE_LIST(report, leak->cycle->path, leak->cycle->path_count,
                    { { .type = "Parent", .site = "parent_new (list.c:8)", .size = 40, .offset = 16, .field = "child" },
                      { .site = "child_new (list.c:20)", .size = 24, .offset = 0 } });
        SAMPLE_LIST(report, leak->cycle->break_at, leak->cycle->break_at_count,
                    { { .site = "child_new (list.c:20)",
                        .size = 24,
                        .offset = 0,
                        .cut = CUT_ENDS,
                        .alike = 1,
                        .alike_total = 1 },
                      { .type = "Parent",
                        .size = 40,
                        .offset = 16,
                        .field = "child",
                        .pointer = "std::shared_ptr<Child>",
                        .advice = "make Parent::child a std::weak_ptr",
                        .member = 8,
                        .cut = CUT_ALIKE,
                        .alike = 3,
                        .alike_total = 3 } });
}

static inline void sample_possible(struct report *report, struct report_leak *leak)
{
        leak->kind = KIND_POSSIBLE;
        leak->blocks = 1;
        leak->bytes = 50;
        SAMPLE_LIST(report, leak->sizes, leak->size_count, { { 50, 1 } });
        sample_stack(report, leak, "cut_short", 90);
        leak->stack_count = 3;
        leak->stack_truncated = true;
        leak->weak_strength = STRENGTH_INTERIOR;
        leak->weak_why = "held only by a pointer to its inside in global data";
}

static inline void sample_indirect(struct report *report, struct report_leak *leak, const char *owner)
{
        leak->kind = KIND_INDIRECT;
        leak->blocks = 10;
        leak->bytes = 4100;
        SAMPLE_LIST(report, leak->sizes, leak->size_count, { { 410, 10 } });
        sample_stack(report, leak, "payload_new", 51);
        SAMPLE_LIST(report, leak->owners, leak->owner_count, { owner });
}

static inline void sample_suppressed(struct report *report, struct report_leak *leak)
{
        leak->kind = KIND_DEFINITE;
        leak->blocks = leak->exclusive_blocks = 1;
        leak->bytes = leak->exclusive_bytes = 7;
        SAMPLE_LIST(report, leak->sizes, leak->size_count, { { 7, 1 } });
        sample_stack(report, leak, "known_problem", 99);
        leak->status = LEAK_SUPPRESSED;
        leak->suppressed_by = "leak:known_problem";
}

static inline void sample_leaks(struct report *report)
{
        struct report_leak *leaks = report_array(report, 5, sizeof *leaks);

        assert(leaks);
        report->leaks = leaks;
        report->leak_count = 5;
        sample_definite(report, &leaks[0]);
        leaks[0].id = report_fingerprint(report, &leaks[0]);
        sample_cycle(report, &leaks[1]);
        sample_possible(report, &leaks[2]);
        sample_indirect(report, &leaks[3], leaks[0].id);
        sample_suppressed(report, &leaks[4]);
        for (size_t i = 0; i < 5; i++) {
                sample_members(report, &leaks[i]);
                leaks[i].id = report_fingerprint(report, &leaks[i]);
                assert(leaks[i].id);
        }
}

static inline void sample_processes(struct report *report)
{
        struct report_process *p;

        SAMPLE_LIST(report, report->processes, report->process_count,
                    { { .pid = 100, .ppid = 99, .exe = SAMPLE_APP, .build_id = "0123abcd", .complete = true,
                        .totals = { .events = 210, .allocations = 110, .frees = 100, .allocated_bytes = 20000,
                                    .peak_bytes = 15000, .live_blocks = 10, .live_bytes = 4381, .threads = 3 } },
                      { .pid = 101, .ppid = 100, .end_how = END_SIGNALED, .end_status = 6, .complete = true,
                        .totals = { .events = 8, .allocations = 8, .allocated_bytes = 900, .peak_bytes = 900,
                                    .live_blocks = 8, .live_bytes = 900, .threads = 1 } } });
        p = report->processes;
        SAMPLE_LIST(report, p[0].argv, p[0].argv_count, { "app", "--name=a b" });
        p[0].snapshot.taken = true;
        p[0].snapshot.at = "exit";
        p[0].snapshot.method = "ptrace";
        p[0].snapshot.pause_ns = 1500000;
        p[0].snapshot.threads = 3;
        p[0].snapshot.roots_bytes = 65536;
        p[0].snapshot.heap_bytes = 4381;
        p[0].snapshot.blocks = 10;
        p[0].snapshot.edges = 12;
        p[1].argv = report_array(report, 0, sizeof *p[1].argv);
}

static inline void sample_trees(struct report *report, struct report_retained *r)
{
        SAMPLE_LIST(report, r->tree, r->tree_count,
                    { { .what.root = "global /srv/app/bin/app (table)", .weight = { 0, 0, 12, 9000 }, .more = 2,
                        .more_blocks = 2, .more_bytes = 200 },
                      { .depth = 1, .what = { .address = 0x7f0000001000, .size = 2048, .type = "Table",
                                              .site = "table_new (/srv/app/src/table.c:8)" }, .tops = 1,
                        .weight = { 1, 2048, 10, 8800 } },
                      { .depth = 2, .what = { .address = 0x7f0000002000, .size = 64,
                                              .site = "/usr/lib/libfoo.so.1+0x99f0" }, .tops = 9,
                        .weight = { 9, 576, 9, 6752 }, .strength = STRENGTH_KNOWN, .offset = 24, .field = "slots" },
                      { .what = { .address = 0x7f0000003000, .size = 70000 }, .tops = 1,
                        .weight = { 1, 70000, 1, 70000 } } });
        SAMPLE_LIST(report, r->points, r->point_count,
                    { { .what = r->tree[1].what, .site = "item_new (/srv/app/src/table.c:20)", .tops = 100,
                        .weight = { 1000, 16000, 1000, 20480 }, .held_by_more = 3 } });
        SAMPLE_LIST(report, r->points[0].held_by, r->points[0].held_by_count,
                    { { .root = "stack of thread 2" }, { .address = 0x7f0000004000, .size = 16, .type = "App" } });
}

static inline void sample_retained(struct report *report)
{
        struct report_retained *r;

        report->has_retained = true;
        SAMPLE_LIST(report, report->retained, report->retained_count,
                    { { .process = 100, .cycle_total = 3, .blocks = 13, .bytes = 79000, .inherited_blocks = 1, .inherited_bytes = 100,
                        .typed_blocks = 2, .typed_bytes = 2064, .by_site_total = 5, .by_type_total = 1,
                        .point_total = 2, .top_total = 4, .tree_more = 1, .tree_more_blocks = 1,
                        .tree_more_bytes = 5 } });
        r = report->retained;
        sample_trees(report, r);
        SAMPLE_LIST(report, r->cycles, r->cycle_count, { { .count = 2, .blocks = 4, .bytes = 128 } });
        r->cycles[0].cycle = report->leaks[1].cycle;
        SAMPLE_LIST(report, r->by_site, r->by_site_count,
                    { { .site = "list_push (/srv/app/src/list.c:42)", .weight = { 3, 300, 12, 8000 } }, { 0 } });
        r->by_site[0].stack = report->leaks[0].stack;
        r->by_site[0].stack_count = report->leaks[0].stack_count;
        r->by_site[1].stack = report_array(report, 0, sizeof *r->by_site[1].stack);
        SAMPLE_LIST(report, r->by_type, r->by_type_count, { { .type = "Table", .weight = { 1, 2048, 10, 8800 } } });
        SAMPLE_LIST(report, r->top, r->top_count,
                    { { .example = { .address = 0x7f0000001000, .size = 2048, .process = 100, .thread = 1, .type = "Table",
                                     .reference_count = 2 },
                        .retained_blocks = 10, .retained_bytes = 8800 } });
        SAMPLE_LIST(report, r->top[0].example.referenced_by, r->top[0].example.referenced_by_count,
                    { { .from = "global /srv/app/bin/app (table)", .strength = STRENGTH_EXACT },
                      { .from = "0x7f0000009000", .offset = 8, .strength = STRENGTH_TAGGED } });
        r->top[0].example.references = report_array(report, 0, sizeof *r->top[0].example.references);
}

static inline void sample_summary(struct report *report)
{
        report->summary.processes = 2;
        report->summary.threads = 4;
        report->summary.totals = (struct report_totals){
                .events = 218, .allocations = 118, .frees = 100, .allocated_bytes = 20900, .peak_bytes = 15000,
                .live_blocks = 18, .live_bytes = 5281, .threads = 4,
        };
        report->summary.kinds[KIND_REACHABLE] = (struct report_kind){ .blocks = 3, .bytes = 300 };
}

/* A complete report; release it with report_destroy. */
static inline struct report *sample_report(void)
{
        struct report *report = report_create();

        assert(report);
        report->weir_version = "0.1.0";
        report->started = "2026-11-21T04:00:00Z";
        report->duration_ns = 1234567890;
        report->complete = true;
        SAMPLE_LIST(report, report->command, report->command_count, { "app", "--name=a b" });
        sample_processes(report);
        sample_leaks(report);
        sample_summary(report);
        SAMPLE_LIST(report, report->suppressions, report->suppression_count,
                    { { .rule = "leak:known_problem", .file = "app.supp", .line = 3, .blocks = 1, .bytes = 7 },
                      { .rule = "leak:not_there", .file = "app.supp", .line = 4 } });
        SAMPLE_LIST(report, report->diagnostics, report->diagnostic_count,
                    { { .level = "note", .code = "checked-stacks", .message = "process 100: 3 stacks compared" } });
        report_sort(report);
        sample_retained(report);
        return report;
}

#endif
