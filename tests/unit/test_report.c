#include "suite.h"

#include "emit/frames.h"
#include "emit/report.h"
#include "mem.h"
#include "sample_report.h"

START_TEST(memory_is_zeroed_aligned_and_released)
{
        struct report *report = report_create();

        for (size_t size = 0; size < 200000; size = size * 2 + 1) {
                unsigned char *bytes = report_array(report, size, 1);

                ck_assert_ptr_nonnull(bytes);
                ck_assert_uint_eq((uintptr_t)bytes % 16, 0);
                for (size_t i = 0; i < size; i++)
                        ck_assert_uint_eq(bytes[i], 0);
                memset(bytes, 0xff, size);
        }
        ck_assert_ptr_null(report_array(report, SIZE_MAX / 2, 4));
        ck_assert_str_eq(report_format(report, "%d-%s", 7, "x"), "7-x");
        report_destroy(report);
        report_destroy(NULL);
}
END_TEST

START_TEST(no_memory_is_null)
{
        struct report *report = report_create();

        mem_fail_after(1);
        ck_assert_ptr_null(report_string(report, "x"));
        ck_assert_ptr_null(report_format(report, "%d", 1));
        ck_assert_ptr_null(report_create());
        mem_fail_after(0);
        report_destroy(report);
}
END_TEST

START_TEST(kinds_have_names)
{
        enum kind kind;

        for (int i = 0; i < KIND_COUNT; i++) {
                ck_assert(kind_parse(kind_name((enum kind)i), strlen(kind_name((enum kind)i)), &kind));
                ck_assert_int_eq(kind, i);
        }
        ck_assert(!kind_parse("cycle,", 6, &kind));
        ck_assert(!kind_parse("cycl", 4, &kind));
        for (int i = 0; i < STRENGTH_COUNT; i++)
                ck_assert_ptr_nonnull(strength_name((enum strength)i));
}
END_TEST

/* ---- fingerprints --------------------------------------------------------- */

static const struct {
        const char *name, *plain;
} names[] = {
        { "f", "f" },
        { "f.part.0", "f" },
        { "f.constprop.12.isra.3", "f" },
        { "f.cold", "f" },
        { "f.lto_priv.0", "f" },
        { "f.llvm.123456789", "f" },
        { "cache.1", "cache" },
        { "ns::f(int) [clone .part.0]", "ns::f(int)" },
        { "ns::f(int) [clone .isra.0] [clone .cold]", "ns::f(int)" },
        { "core::fmt::write::h0123456789abcdef", "core::fmt::write" },
        { "core::fmt::write::h0123456789abcdeg", "core::fmt::write::h0123456789abcdeg" },
        { "main.run", "main.run" },
        { ".part", ".part" },
        { "operator new[](unsigned long)", "operator new[](unsigned long)" },
        { "", "" },
};

START_TEST(names_lose_what_compilers_add)
{
        for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
                ck_assert_msg(function_plain_length(names[i].name) == strlen(names[i].plain), "%s: %zu", names[i].name,
                              function_plain_length(names[i].name));
}
END_TEST

/* The fingerprint of the sample's first leak after a change. */
static void changed(void (*change)(struct report_leak *leak), bool same)
{
        struct report *report = sample_report();
        const char *before = report_fingerprint(report, &report->leaks[0]);

        change(&report->leaks[0]);
        ck_assert_int_eq(!strcmp(before, report_fingerprint(report, &report->leaks[0])), same);
        report_destroy(report);
}

static void change_lines(struct report_leak *leak)
{
        for (size_t i = 0; i < leak->stack_count; i++) {
                leak->stack[i].offset += leak->stack[i].function ? 0x40 : 0;
                leak->stack[i].line += 7;
                leak->stack[i].build_id = "beef";
        }
        leak->bytes *= 3;
        leak->blocks = 9;
        leak->sizes[0].size = 1;
        leak->examples[0].address += 4096;
}

static void change_directory(struct report_leak *leak)
{
        leak->stack[1].module = "/home/someone/build/app";
        leak->stack[1].file = "/home/someone/src/list.c";
        leak->stack[1].inlined = false;
}

static void change_clone(struct report_leak *leak)
{
        leak->stack[2].function = "build_all.part.0";
}

static void change_libc(struct report_leak *leak)
{
        leak->stack[6].function = "__libc_start_main";
        leak->stack[6].module = "/lib64/libc.so.6";
        leak->stack_count--;
}

static void change_version(struct report_leak *leak)
{
        leak->stack[3].module = "/usr/lib/libfoo.so.2.3";
}

static void enter_libc(struct report_leak *leak)
{
        leak->stack[1] = (struct report_frame){ .function = "strdup", .module = "/lib64/libc-2.31.so" };
}

static void enter_libc_differently(struct report_leak *leak)
{
        leak->stack[1] = (struct report_frame){ .function = "__strndup", .module = SAMPLE_LIBC };
}

START_TEST(the_insides_of_libc_do_not_count)
{
        struct report *a = sample_report(), *b = sample_report(), *c = sample_report();
        struct report_leak *leak = &b->leaks[0];

        enter_libc(&a->leaks[0]);
        memmove(leak->stack + 2, leak->stack + 1, 6 * sizeof *leak->stack); /* one frame more inside */
        leak->stack[2] = (struct report_frame){ .function = "__strdup", .module = SAMPLE_LIBC };
        leak->stack[1] = (struct report_frame){ .function = "internal_copy", .module = SAMPLE_LIBC };
        enter_libc_differently(&c->leaks[0]);
        ck_assert_str_eq(report_fingerprint(a, &a->leaks[0]), report_fingerprint(b, leak));
        ck_assert_str_ne(report_fingerprint(a, &a->leaks[0]), report_fingerprint(c, &c->leaks[0]));
        report_destroy(a);
        report_destroy(b);
        report_destroy(c);
}
END_TEST

static void change_kind(struct report_leak *leak)
{
        leak->kind = KIND_POSSIBLE;
}

static void change_type(struct report_leak *leak)
{
        leak->type = "Other";
}

static void change_function(struct report_leak *leak)
{
        leak->stack[2].function = "build_some";
}

static void change_module(struct report_leak *leak)
{
        leak->stack[3].module = "/usr/lib/libbar.so.1";
}

static void change_place(struct report_leak *leak)
{
        ck_assert_ptr_null(leak->stack[3].function);
        leak->stack[3].offset += 0x40;
}

static void change_place_in_libc(struct report_leak *leak)
{
        leak->stack[3].module = "/lib64/libc.so.6";
        leak->stack[3].offset = 0x1234;
}

/* Two places in the C library, or one after an update of it. */
static void check_places_in_libc(void)
{
        struct report *report = sample_report();
        const char *before;

        change_place_in_libc(&report->leaks[0]);
        before = report_fingerprint(report, &report->leaks[0]);
        report->leaks[0].stack[3].offset += 0x40;
        ck_assert_str_eq(before, report_fingerprint(report, &report->leaks[0]));
        report_destroy(report);
}

START_TEST(fingerprints_survive_what_is_no_cause)
{
        changed(change_lines, true);
        changed(change_directory, true);
        changed(change_clone, true);
        changed(change_libc, true);
        changed(change_version, true);
        check_places_in_libc();
}
END_TEST

START_TEST(fingerprints_tell_causes_apart)
{
        changed(change_kind, false);
        changed(change_type, false);
        changed(change_function, false);
        changed(change_module, false);
        changed(change_place, false);
}
END_TEST

START_TEST(fingerprints_are_the_same_for_good)
{
        struct report *report = sample_report();

        /* Baselines in repositories hold these. */
        ck_assert_str_eq(report->leaks[0].id, SAMPLE_ID_DEFINITE);
        ck_assert_str_eq(report->leaks[1].id, SAMPLE_ID_CYCLE);
        report_destroy(report);
}
END_TEST

/* ---- frames --------------------------------------------------------------- */

START_TEST(the_site_is_the_programs_own)
{
        struct report *report = sample_report();
        struct report_frame *stack = report->leaks[0].stack;

        ck_assert_ptr_eq(frames_site(stack, 8), &stack[1]);
        stack[1].module = "/usr/lib/libstdc++.so.6";
        ck_assert_ptr_eq(frames_site(stack, 8), &stack[2]);
        ck_assert_ptr_eq(frames_site(stack + 2, 3), &stack[3]);
        ck_assert_ptr_eq(frames_site(stack, 1), &stack[0]);
        ck_assert_ptr_null(frames_site(stack, 0));
        ck_assert_uint_eq(frames_without_runtime(stack, 8), 6);
        ck_assert_uint_eq(frames_without_runtime(stack + 5, 3), 3);
        report_destroy(report);
}
END_TEST

/* ---- order and sums ------------------------------------------------------- */

START_TEST(leaks_are_in_order_of_weight)
{
        struct report *report = sample_report();
        static const enum kind order[] = { KIND_DEFINITE, KIND_CYCLE, KIND_DEFINITE, KIND_INDIRECT, KIND_POSSIBLE };

        for (size_t i = 0; i < 5; i++)
                ck_assert_int_eq(report->leaks[i].kind, order[i]);
        report_destroy(report);
}
END_TEST

START_TEST(sums_count_each_leak_once)
{
        struct report *report = sample_report();

        for (int again = 0; again < 2; again++) {
                ck_assert_uint_eq(report->summary.kinds[KIND_DEFINITE].groups, 1);
                ck_assert_uint_eq(report->summary.kinds[KIND_DEFINITE].bytes, 96);
                ck_assert_uint_eq(report->summary.kinds[KIND_INDIRECT].blocks, 10);
                ck_assert_uint_eq(report->summary.suppressed.bytes, 7);
                ck_assert_uint_eq(report->summary.cycles, 2);
                ck_assert_uint_eq(report->summary.kinds[KIND_REACHABLE].bytes, 300);
                report_sort(report);
        }
        report_destroy(report);
}
END_TEST

START_TEST(equal_weights_are_ordered_by_what_differs)
{
        struct report *report = report_create();
        const struct report_size size = { 8, 1 };

        SAMPLE_LIST(report, report->leaks, report->leak_count,
                    { { .id = "b", .bytes = 8 }, { .id = "a", .bytes = 8, .first_ns = 5 },
                      { .id = "a", .bytes = 8, .first_ns = 3 }, { .id = "c", .bytes = 8, .blocks = 2 } });
        for (size_t i = 0; i < 4; i++)
                SAMPLE_LIST(report, report->leaks[i].sizes, report->leaks[i].size_count, { size });
        report_sort(report);
        ck_assert_str_eq(report->leaks[0].id, "c");
        ck_assert_uint_eq(report->leaks[1].first_ns, 3);
        ck_assert_uint_eq(report->leaks[2].first_ns, 5);
        ck_assert_str_eq(report->leaks[3].id, "b");
        report_destroy(report);
}
END_TEST

SUITE_MAIN("report", memory_is_zeroed_aligned_and_released, no_memory_is_null, kinds_have_names,
           names_lose_what_compilers_add, fingerprints_survive_what_is_no_cause,
           the_insides_of_libc_do_not_count, fingerprints_tell_causes_apart,
           fingerprints_are_the_same_for_good, the_site_is_the_programs_own, leaks_are_in_order_of_weight,
           sums_count_each_leak_once, equal_weights_are_ordered_by_what_differs)
