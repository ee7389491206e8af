#include "suite.h"

#include "emit/json_write.h"
#include "mem.h"
#include "policy/baseline.h"
#include "policy/gate.h"
#include "emit/kinds.h"
#include "sample_report.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static char path[] = "/tmp/weir-baseline-XXXXXX";

static void save(const char *text)
{
        int fd;

        strcpy(path + sizeof path - 7, "XXXXXX");
        fd = mkstemp(path);
        ck_assert_int_ge(fd, 0);
        ck_assert_int_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
        close(fd);
}

static void save_baseline(const struct report *report)
{
        struct baseline baseline;
        struct error e = { 0 };
        size_t size;
        char *text;
        FILE *out = open_memstream(&text, &size);

        ck_assert(!baseline_of(&baseline, report, &e));
        baseline_write(&baseline, out);
        fclose(out);
        baseline_deinit(&baseline);
        save(text);
        free(text);
}

static void compare(struct report *report, unsigned tolerance)
{
        struct baseline baseline;
        struct error e = { 0 };

        ck_assert_msg(!baseline_read(&baseline, path, &e), "%s", e.text);
        ck_assert(!baseline_apply(&baseline, report, &(struct baseline_tolerance){ .percent = tolerance }, &e));
        baseline_deinit(&baseline);
        unlink(path);
}

START_TEST(what_is_in_it_is_known)
{
        struct report *report = sample_report();

        save_baseline(report);
        compare(report, 0);
        ck_assert_uint_eq(report->gate.baseline_known, 3);
        ck_assert_uint_eq(report->gate.baseline_new, 0);
        ck_assert_uint_eq(report->gate.baseline_gone, 0);
        ck_assert_int_eq(report->leaks[0].status, LEAK_KNOWN);
        ck_assert_int_eq(report->leaks[2].status, LEAK_SUPPRESSED);
        report_destroy(report);
}
END_TEST

START_TEST(a_report_is_a_baseline)
{
        struct report *report = sample_report();
        char *text;
        size_t size;
        FILE *out = open_memstream(&text, &size);

        json_write(report, out);
        fclose(out);
        save(text);
        free(text);
        compare(report, 0);
        ck_assert_uint_eq(report->gate.baseline_known, 3);
        report_destroy(report);
}
END_TEST

START_TEST(what_is_gone_is_counted)
{
        struct report *report = sample_report();

        save_baseline(report);
        report->leak_count = 1;
        compare(report, 0);
        ck_assert_uint_eq(report->gate.baseline_known, 1);
        ck_assert_uint_eq(report->gate.baseline_gone, 2);
        ck_assert_uint_eq(report->gate.gone_count, 2);
        ck_assert_str_eq(report->gate.gone[1].id, SAMPLE_ID_CYCLE);
        ck_assert_int_eq(report->gate.gone[1].kind, KIND_CYCLE);
        ck_assert_uint_eq(report->gate.gone[1].bytes, 128);
        ck_assert_str_eq(report->gate.gone[1].site, "parent_new (app)");
        report_destroy(report);
}
END_TEST

START_TEST(bytes_may_be_tolerated_in_any_number_of_blocks)
{
        static const struct {
                uint64_t bytes, tolerance;
                enum leak_status status;
        } cases[] = { { 196, 100, LEAK_KNOWN }, { 197, 100, LEAK_NEW }, { 197, UINT64_MAX, LEAK_KNOWN } };

        for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
                struct report *report = sample_report();
                struct baseline baseline;
                struct error e = { 0 };

                ck_assert(!baseline_of(&baseline, report, &e));
                report->leaks[0].bytes = cases[i].bytes;
                report->leaks[0].blocks = 50;
                ck_assert(!baseline_apply(&baseline, report, &(struct baseline_tolerance){ .bytes = cases[i].tolerance },
                                          &e));
                ck_assert_int_eq(report->leaks[0].status, cases[i].status);
                ck_assert(report->leaks[0].in_baseline);
                ck_assert_uint_eq(report->leaks[0].baseline_bytes, 96);
                baseline_deinit(&baseline);
                report_destroy(report);
        }
}
END_TEST

START_TEST(a_baseline_is_saved_whole_or_not_at_all)
{
        struct report *report = sample_report();
        struct baseline baseline, read;
        struct error e = { 0 };

        ck_assert(!baseline_of(&baseline, report, &e));
        save("old");
        ck_assert_msg(!baseline_save(&baseline, path, &e), "%s", e.text);
        ck_assert(!baseline_read(&read, path, &e));
        ck_assert_uint_eq(read.count, baseline.count);
        ck_assert(!read.is_report);
        baseline_deinit(&read);
        unlink(path);
        ck_assert_int_eq(baseline_save(&baseline, "/nonexistent/baseline", &e), -1);
        ck_assert_str_eq(e.text, "cannot write /nonexistent/baseline: No such file or directory");
        baseline_deinit(&baseline);
        report_destroy(report);
}
END_TEST

START_TEST(what_has_grown_is_new)
{
        static const struct {
                uint64_t bytes, blocks;
                unsigned tolerance;
                enum leak_status status;
        } cases[] = {
                { 96, 2, 0, LEAK_KNOWN },
                { 97, 2, 0, LEAK_NEW },
                { 96, 3, 0, LEAK_NEW },
                { 105, 2, 10, LEAK_KNOWN },
                { 106, 2, 10, LEAK_NEW },
                { 1, 1, 0, LEAK_KNOWN },
                { UINT64_MAX, 2, 4000000000, LEAK_NEW },
        };

        for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
                struct report *report = sample_report();

                save_baseline(report);
                report->leaks[0].bytes = cases[i].bytes;
                report->leaks[0].blocks = cases[i].blocks;
                compare(report, cases[i].tolerance);
                ck_assert_msg(report->leaks[0].status == cases[i].status, "case %zu", i);
                ck_assert_uint_eq(report->gate.baseline_grown, cases[i].status == LEAK_NEW);
                report_destroy(report);
        }
}
END_TEST

START_TEST(twins_are_compared_together)
{
        struct report *report = sample_report();

        report->leaks[1].id = report->leaks[0].id;
        save_baseline(report);
        report->leaks[1].bytes -= 30;
        report->leaks[0].bytes += 30;
        compare(report, 0);
        ck_assert_int_eq(report->leaks[0].status, LEAK_KNOWN);
        ck_assert_int_eq(report->leaks[1].status, LEAK_KNOWN);
        report_destroy(report);
}
END_TEST

START_TEST(only_new_leaks_fail_the_gate)
{
        const struct policy policy = { .asked = true, .fail_on = KINDS_GATE };
        struct report *report = sample_report();
        struct error e = { 0 };

        save_baseline(report);
        compare(report, 0);
        ck_assert(!gate_judge(report, &policy, &e));
        ck_assert_int_eq(report->gate.status, GATE_PASS);
        save("{\"schema\": \"weir-baseline/1\", \"leaks\": []}");
        compare(report, 0);
        ck_assert(!gate_judge(report, &policy, &e));
        ck_assert_int_eq(report->gate.status, GATE_FAIL);
        report_destroy(report);
}
END_TEST

START_TEST(the_file_is_sorted_and_without_lines)
{
        struct report *report = sample_report();
        struct baseline baseline;
        char *text;
        size_t size;
        FILE *out = open_memstream(&text, &size);

        ck_assert(!baseline_of(&baseline, report, NULL));
        for (size_t i = 1; i < baseline.count; i++)
                ck_assert_int_lt(strcmp(baseline.list[i - 1].id, baseline.list[i].id), 0);
        baseline_write(&baseline, out);
        fclose(out);
        ck_assert_ptr_nonnull(strstr(text, "    {\"id\": \"" SAMPLE_ID_DEFINITE
                                           "\", \"kind\": \"definite\", \"blocks\": 2, \"bytes\": 96, "
                                           "\"site\": \"list_push (app)\"}"));
        ck_assert_ptr_null(strstr(text, "0x"));
        free(text);
        baseline_deinit(&baseline);
        report_destroy(report);
}
END_TEST

static const struct {
        const char *text, *message;
} bad[] = {
        { "", " is empty" },
        { "{\"schema\": \"weir-baseline/2\"}",
          " is a baseline of another version, weir-baseline/2; this weir reads weir-baseline/1" },
        { "{\"schema\": \"weir-baseline/1\"}", ": leaks: expected an array, found nothing" },
        { "{\"schema\": \"weir-baseline/1\", \"leaks\": [{}]}",
          ": leaks[0].id: expected 16 hexadecimal digits, found nothing" },
        { "{\"schema\": \"x\"}", " is JSON, but not a report of weir: \"schema\" is not \"weir-report/1\"" },
        { "{\"schema\": \"weir-baseline/1\", \"leaks\": [",
          " is truncated: it ends in line 1 in the middle of a value" },
};

START_TEST(bad_files_are_refused)
{
        for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
                struct baseline baseline;
                struct error e = { 0 };

                save(bad[i].text);
                ck_assert_int_eq(baseline_read(&baseline, path, &e), -1);
                ck_assert_int_eq(e.code, ERROR_BAD_INPUT);
                ck_assert_int_eq(strncmp(e.text, path, strlen(path)), 0);
                ck_assert_str_eq(e.text + strlen(path), bad[i].message);
                unlink(path);
        }
}
END_TEST

SUITE_MAIN("baseline", what_is_in_it_is_known, a_report_is_a_baseline, what_is_gone_is_counted,
           bytes_may_be_tolerated_in_any_number_of_blocks, a_baseline_is_saved_whole_or_not_at_all, what_has_grown_is_new,
           twins_are_compared_together, only_new_leaks_fail_the_gate, the_file_is_sorted_and_without_lines,
           bad_files_are_refused)
