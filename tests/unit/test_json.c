#include "suite.h"

#include "emit/json_read.h"
#include "emit/json_write.h"
#include "emit/put.h"
#include "mem.h"
#include "sample_report.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct text {
        char *data;
        size_t size;
};

static struct text written(const struct report *report)
{
        struct text text;
        FILE *out = open_memstream(&text.data, &text.size);

        ck_assert_ptr_nonnull(out);
        json_write(report, out);
        ck_assert_int_eq(fclose(out), 0);
        return text;
}

static struct text sample(void)
{
        struct report *report = sample_report();
        struct text text = written(report);

        report_destroy(report);
        return text;
}

/* ---- round trips ---------------------------------------------------------- */

static void check_round_trip(const struct report *report)
{
        struct text first = written(report), second;
        struct error e = { 0 };
        struct report *back = json_read_text(first.data, first.size, "first", &e);

        ck_assert_msg(back != NULL, "%s", e.text);
        second = written(back);
        ck_assert_str_eq(first.data, second.data);
        report_destroy(back);
        free(first.data);
        free(second.data);
}

START_TEST(everything_comes_back)
{
        struct report *report = sample_report();

        check_round_trip(report);
        report->gate.status = GATE_FAIL;
        SAMPLE_LIST(report, report->gate.rules, report->gate.rule_count,
                    { { .rule = "max-bytes", .limit = 10, .value = 4196 }, { .rule = "x", .limit = 1, .pass = true } });
        report->gate.has_baseline = true;
        report->gate.baseline_new = 3;
        report->complete = false;
        SAMPLE_LIST(report, report->incomplete, report->incomplete_count, { { 101, "it was killed" }, { 0, "all" } });
        check_round_trip(report);
        report_destroy(report);
}
END_TEST

START_TEST(an_empty_report_comes_back)
{
        struct report *report = report_create();

        report->complete = true;
        check_round_trip(report);
        report_destroy(report);
}
END_TEST

START_TEST(the_greatest_numbers_come_back)
{
        struct report *report = sample_report(), *back;
        struct text text;

        report->duration_ns = INT64_MAX;
        report->processes[0].totals.events = UINT64_MAX; /* becomes INT64_MAX */
        report->leaks[0].stack[0].offset = UINT64_MAX;
        report->leaks[0].examples[0].address = UINT64_MAX;
        report->processes[0].end_status = INT32_MIN;
        report->leaks[0].stack[1].line = UINT32_MAX;
        check_round_trip(report);
        text = written(report);
        back = json_read_text(text.data, text.size, "x", NULL);
        ck_assert_uint_eq(back->duration_ns, INT64_MAX);
        ck_assert_uint_eq(back->processes[0].totals.events, INT64_MAX);
        ck_assert_uint_eq(back->leaks[0].stack[0].offset, UINT64_MAX);
        free(text.data);
        report_destroy(back);
        report_destroy(report);
}
END_TEST

static const char *const odd_texts[] = {
        "",
        "plain",
        "\xff\xfe",
        "caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x92\xa7",
        "a\xc3",
        "\xc0\xaf overlong",
        "\xed\xa0\x80 surrogate",
        "\xf4\x90\x80\x80 too far",
        "tab\t line\n quote\" back\\slash \x01\x1f\x7f",
        "\\xff is no byte",
        "\\\\xff",
        "\\x5c",
        "\\x5cx5c\\",
        "\\\xff\\",
        "\\x7f \\xFF \\xg0 \\x",
        "\xff\\xff\xff\\",
};

START_TEST(any_bytes_come_back)
{
        for (size_t i = 0; i < sizeof odd_texts / sizeof odd_texts[0]; i++) {
                struct report *report = sample_report(), *back;
                struct error e = { 0 };
                struct text text;

                report->command[0] = odd_texts[i];
                report->leaks[0].stack[1].file = odd_texts[i];
                text = written(report);
                back = json_read_text(text.data, text.size, "x", &e);
                ck_assert_msg(back != NULL, "%zu: %s", i, e.text);
                ck_assert_str_eq(back->command[0], odd_texts[i]);
                ck_assert_str_eq(back->leaks[0].stack[1].file, odd_texts[i]);
                free(text.data);
                report_destroy(back);
                report_destroy(report);
        }
}
END_TEST

START_TEST(bytes_are_written_as_documented)
{
        struct report *report = report_create();
        struct text text;

        SAMPLE_LIST(report, report->command, report->command_count, { "a\xff", "\\xff", "C:\\x" });
        text = written(report);
        ck_assert_ptr_nonnull(strstr(text.data, "[\"a\\\\xff\", \"\\\\x5cxff\", \"C:\\\\x\"]"));
        free(text.data);
        report_destroy(report);
}
END_TEST

/* ---- order of keys -------------------------------------------------------- */

START_TEST(keys_are_in_the_order_of_the_contract)
{
        static const char *const order[] = {
                "\"schema\"", "\"weir_version\"", "\"command\"", "\"started\"", "\"duration_ns\"", "\"complete\"",
                "\"incomplete\"", "\"summary\"", "\"processes\"", "\"threads\"", "\"events\"", "\"events_lost\"",
                "\"allocations\"", "\"frees\"", "\"allocated_bytes\"", "\"peak_bytes\"", "\"live_blocks\"",
                "\"live_bytes\"", "\"cycles\"", "\"kinds\"", "\"definite\"", "\"cycle\"", "\"indirect\"", "\"possible\"",
                "\"reachable\"", "\"unknown\"", "\"suppressed\"", "\"gate\"", "\"status\"", "\"rules\"", "\"baseline\"",
                "\"processes\"", "\"pid\"", "\"ppid\"", "\"exe\"", "\"build_id\"", "\"argv\"", "\"end\"", "\"how\"",
                "\"status\"", "\"complete\"", "\"snapshot\"", "\"at\"", "\"method\"", "\"pause_ns\"", "\"threads\"",
                "\"roots_bytes\"", "\"heap_bytes\"", "\"blocks\"", "\"edges\"", "\"totals\"", "\"leaks\"", "\"id\"",
                "\"kind\"", "\"blocks\"", "\"bytes\"", "\"sizes\"", "\"exclusive_bytes\"", "\"exclusive_blocks\"",
                "\"type\"", "\"stack\"", "\"function\"", "\"module\"", "\"offset\"", "\"build_id\"", "\"file\"",
                "\"line\"", "\"inlined\"", "\"processes\"", "\"threads\"", "\"first_ns\"", "\"last_ns\"", "\"status\"",
                "\"suppressed_by\"", "\"owners\"", "\"weak_link\"", "\"cycle\"", "\"examples\"", "\"address\"",
                "\"size\"", "\"process\"", "\"thread\"", "\"reference_count\"", "\"referenced_by\"", "\"from\"",
                "\"offset\"", "\"strength\"", "\"references\"", "\"cycle\"", "\"blocks\"", "\"edges\"", "\"path\"",
                "\"type\"", "\"site\"", "\"size\"", "\"offset\"", "\"field\"", "\"break_at\"", "\"weak_link\"",
                "\"strength\"", "\"why\"", "\"suppressions\"", "\"rule\"", "\"file\"", "\"line\"", "\"blocks\"",
                "\"bytes\"", "\"diagnostics\"", "\"level\"", "\"code\"", "\"message\"",
        };
        struct text text = sample();
        const char *at = text.data;

        for (size_t i = 0; i < sizeof order / sizeof order[0]; i++) {
                at = strstr(at, order[i]);
                ck_assert_msg(at != NULL, "%s (number %zu) is not where it should be", order[i], i);
                at += strlen(order[i]);
        }
        free(text.data);
}
END_TEST

/* ---- bad input ------------------------------------------------------------ */

/* Replaces the first `from` after the first `after`. */
static char *edited(const char *text, const char *after, const char *from, const char *to)
{
        const char *start = strstr(text, after), *found;
        char *result;

        ck_assert_msg(start != NULL, "no %s", after);
        found = strstr(start, from);
        ck_assert_msg(found != NULL, "no %s", from);
        ck_assert_int_ge(asprintf(&result, "%.*s%s%s", (int)(found - text), text, to, found + strlen(from)), 0);
        return result;
}

static const struct {
        const char *after, *from, *to, *message;
} bad[] = {
        { "", "weir-report/1", "weir-report/2",
          "bad.json is a report of another version, weir-report/2; this weir reads weir-report/1: use the weir that wrote it" },
        { "", "\"weir-report/1\"", "7",
          "bad.json is JSON, but not a report of weir: \"schema\" is not \"weir-report/1\"" },
        { "", "1234567890", "-1",
          "bad.json: duration_ns: expected an integer from 0 to 9223372036854775807, found -1" },
        { "", "1234567890", "1.5",
          "bad.json: duration_ns: expected an integer from 0 to 9223372036854775807, found 1.5" },
        { "", "\"started\"", "\"begun\"", "bad.json: started: expected a string or null, found nothing" },
        { "", "\"--name=a b\"", "null", "bad.json: command[1]: expected a string, found null" },
        { "\"gate\"", "\"off\"", "\"open\"",
          "bad.json: gate.status: expected one of \"off\" \"pass\" \"fail\" \"incomplete\", found \"open\"" },
        { "\"leaks\"", "\"definite\"", "\"lost\"",
          "bad.json: leaks[0].kind: expected one of \"definite\" \"cycle\" \"indirect\" \"possible\" \"reachable\" "
          "\"unknown\", found \"lost\"" },
        { "\"leaks\"", "\"line\": 42", "\"line\": 4294967296",
          "bad.json: leaks[0].stack[1].line: expected an integer from 0 to 4294967295, found 4294967296" },
        { "\"leaks\"", "\"line\": 42", "\"line\": \"42\"",
          "bad.json: leaks[0].stack[1].line: expected an integer from 0 to 4294967295, found \"42\"" },
        { "\"leaks\"", "\"0x1234\"", "\"0x\"",
          "bad.json: leaks[0].stack[1].offset: expected an address like \"0x7f00\", found \"0x\"" },
        { "\"leaks\"", "\"0x1234\"", "\"0x12345678123456789\"",
          "bad.json: leaks[0].stack[1].offset: expected an address like \"0x7f00\", found \"0x12345678123456789\"" },
        { "\"leaks\"", "[32, 1]", "[32]",
          "bad.json: leaks[0].sizes[0]: expected an array of a size and a number of blocks, found an array" },
        { "\"leaks\"", "\"inlined\": false", "\"inlined\": 0",
          "bad.json: leaks[0].stack[0].inlined: expected true or false, found 0" },
        { "\"cycle\": {", "\"path\": [", "\"path\": 5, \"old\": [",
          "bad.json: leaks[1].cycle.path: expected an array, found 5" },
        { "", "\"snapshot\": {", "\"snapshot\": [], \"old\": {",
          "bad.json: processes[0].snapshot: expected an object or null, found an array" },
        { "", "\"kinds\": {", "\"kinds\": 0, \"old\": {", "bad.json: summary.kinds: expected an object, found 0" },
        { "\"kinds\"", "\"blocks\": 2", "\"blocks\": 0",
          "bad.json: summary.kinds.definite: these are not the sums of the leaks below it" },
        { "", "\"complete\": true", "\"complete\": false", "bad.json: complete: this is not what incomplete[] says" },
        { "", "\"schema\"", "\"schema\": \"a\", \"schema\"", "bad.json is not JSON: line 2: duplicate object key near '\"schema\"'" },
        { "", "\"app\"", "\"a\\u0000pp\"", NULL },
        { "", "\"app\"", "\"\xff\"", NULL },
        { "", "1234567890", "9223372036854775808", NULL },
        { "", "1234567890", "1e400", NULL },
};

START_TEST(every_bad_value_is_refused_and_named)
{
        struct text text = sample();

        for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
                char *copy = edited(text.data, bad[i].after, bad[i].from, bad[i].to);
                struct error e = { 0 };

                ck_assert_msg(!json_read_text(copy, strlen(copy), "bad.json", &e), "case %zu was read", i);
                ck_assert_int_eq(e.code, ERROR_BAD_INPUT);
                if (bad[i].message)
                        ck_assert_str_eq(e.text, bad[i].message);
                free(copy);
        }
        free(text.data);
}
END_TEST

START_TEST(every_beginning_of_a_report_is_refused)
{
        struct text text = sample();
        struct error e;

        for (size_t length = 0; length + 1 < text.size; length += 1 + length / 40) {
                e = (struct error){ 0 };
                ck_assert_ptr_null(json_read_text(text.data, length, "cut", &e));
                ck_assert_int_eq(e.code, ERROR_BAD_INPUT);
        }
        ck_assert_ptr_null(json_read_text(text.data, 0, "cut", &e));
        ck_assert_str_eq(e.text, "cut is empty");
        ck_assert_ptr_null(json_read_text(text.data, 100, "cut", &e));
        ck_assert_str_eq(e.text, "cut is truncated: it ends in line 5 in the middle of a value");
        free(text.data);
}
END_TEST

START_TEST(foreign_files_are_refused)
{
        static const char *const foreign[] = {
                "{}", "[]", "null", "3", "\"weir-report/1\"", "\x7f" "ELF\x02\x01", "{\"schema\": null}", "<xml/>",
        };

        for (size_t i = 0; i < sizeof foreign / sizeof foreign[0]; i++) {
                struct error e = { 0 };

                ck_assert_ptr_null(json_read_text(foreign[i], strlen(foreign[i]), "f", &e));
                ck_assert_int_eq(e.code, ERROR_BAD_INPUT);
                ck_assert_int_eq(strncmp(e.text, "f ", 2), 0);
        }
}
END_TEST

START_TEST(deep_nesting_is_refused)
{
        enum { DEPTH = 200000 };
        char *deep = malloc(DEPTH);
        struct error e = { 0 };

        memset(deep, '[', DEPTH);
        ck_assert_ptr_null(json_read_text(deep, DEPTH, "deep", &e));
        ck_assert_int_eq(e.code, ERROR_BAD_INPUT);
        free(deep);
}
END_TEST

START_TEST(files_that_cannot_be_read_are_named)
{
        struct error e = { 0 };

        ck_assert_ptr_null(json_read("/nonexistent/report.json", &e));
        ck_assert_str_eq(e.text, "cannot read /nonexistent/report.json: No such file or directory");
        ck_assert_ptr_null(json_read("/", &e));
        ck_assert_str_eq(e.text, "cannot read /: Is a directory");
}
END_TEST

START_TEST(additions_of_a_later_version_are_passed_over)
{
        struct text text = sample();
        char *copy = edited(text.data, "", "\"started\"", "\"colour\": {\"deep\": [1, 2]}, \"started\"");
        struct error e = { 0 };
        struct report *report = json_read_text(copy, strlen(copy), "x", &e);

        ck_assert_msg(report != NULL, "%s", e.text);
        report_destroy(report);
        free(copy);
        free(text.data);
}
END_TEST

START_TEST(any_allocation_may_fail)
{
        struct text text = sample();
        struct report *report = NULL;
        size_t nth = 0;

        while (!report) {
                struct error e = { 0 };

                mem_fail_after(++nth);
                report = json_read_text(text.data, text.size, "x", &e);
                mem_fail_after(0);
                if (!report)
                        ck_assert_int_eq(e.code, ERROR_NO_MEMORY);
        }
        ck_assert_uint_gt(nth, 100);
        report_destroy(report);
        free(text.data);
}
END_TEST

SUITE_MAIN("json", everything_comes_back, an_empty_report_comes_back, the_greatest_numbers_come_back,
           any_bytes_come_back, bytes_are_written_as_documented, keys_are_in_the_order_of_the_contract,
           every_bad_value_is_refused_and_named, every_beginning_of_a_report_is_refused, foreign_files_are_refused,
           deep_nesting_is_refused, files_that_cannot_be_read_are_named, additions_of_a_later_version_are_passed_over,
           any_allocation_may_fail)
