#include "suite.h"

#include "emit/escape.h"
#include "emit/source.h"
#include "emit/twins.h"
#include "mem.h"
#include "sample_report.h"

#include <stdio.h>

static void check_escaped(enum escape_form form, const char *text, const char *expected)
{
        char buffer[200] = "";
        struct escape to = { fmemopen(buffer, sizeof buffer, "w"), form };

        escape_text(&to, text);
        fclose(to.out);
        ck_assert_str_eq(buffer, expected);
}

START_TEST(each_form_has_its_own_escapes)
{
        check_escaped(ESCAPE_PLAIN, "a\nb\xff\\", "a\\x0ab\\xff\\");
        check_escaped(ESCAPE_JSON, "a\n\"\\", "a\\\\x0a\\\"\\\\");
        check_escaped(ESCAPE_XML, "<a b=\"c\">&'\x01", "&#60;a b=&#34;c&#34;&#62;&#38;&#39;\\x01");
        check_escaped(ESCAPE_COMMAND, "::error::%0A,\n", "::error::%250A,\\x0a");
        check_escaped(ESCAPE_PROPERTY, "a:b,c%", "a%3Ab%2Cc%25");
        check_escaped(ESCAPE_MARKDOWN, "a|b_c", "a&#124;b&#95;c");
        check_escaped(ESCAPE_TAP, "a # SKIP \\", "a \\# SKIP \\\\");
        check_escaped(ESCAPE_URI, "/a b/\xff:\n~", "/a%20b/%FF%3A%0A~");
        check_escaped(ESCAPE_PLAIN, "caf\xc3\xa9", "caf\xc3\xa9");
}
END_TEST

START_TEST(own_words_may_have_lines)
{
        char buffer[200] = "";
        struct escape to = { fmemopen(buffer, sizeof buffer, "w"), ESCAPE_COMMAND };

        escape_print(&to, "%d%%\n", 7);
        to.form = ESCAPE_JSON;
        escape_print(&to, "\"\n");
        fclose(to.out);
        ck_assert_str_eq(buffer, "7%25%0A\\\"\\n");
}
END_TEST

static const struct {
        const char *directory, *file, *module, *path;
        bool below;
} places[] = {
        { NULL, "/srv/app/src/a.c", NULL, "src/a.c", true },
        { NULL, "/srv/app/../app//src/./a.c", NULL, "src/a.c", true },
        { NULL, "/srv/application/a.c", NULL, "/srv/application/a.c", false },
        { NULL, "/srv/app/", NULL, "/srv/app", false },
        { NULL, "/../../a.c", NULL, "/a.c", false },
        { "/srv/app/build", "../src/a.c", NULL, "src/a.c", true },
        { "/link/build", "../src/a.c", NULL, "src/a.c", true },
        { "/elsewhere", "../src/a.c", NULL, "/src/a.c", false },
        { "/elsewhere", "/srv/app/a.c", NULL, "a.c", true },
        { NULL, "src/x/../a.c", "/srv/app/app", "src/a.c", true },
        { "./csu", "../csu/a.c", "/lib/libc.so.6", "csu/a.c", false },
        { NULL, "../a.c", "/srv/app/app", "../a.c", false },
        { NULL, "../../b/../a.c", NULL, "../../a.c", false },
        { ".", "..a.c", NULL, "..a.c", true },
};

START_TEST(sources_are_told_from_the_root)
{
        struct format_options options = format_defaults();

        options.root = "/srv/app/";
        options.root_alias = "/link";
        for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
                const struct report_frame frame = {
                        .directory = places[i].directory, .file = places[i].file, .module = places[i].module, .line = 1
                };
                struct source source;

                ck_assert_msg(source_of(&source, &frame, &options), "%s", places[i].file);
                ck_assert_str_eq(source.path, places[i].path);
                ck_assert_msg(source.below == places[i].below, "%s", places[i].file);
        }
}
END_TEST

START_TEST(a_frame_may_have_no_source)
{
        static char endless[SOURCE_MOST + 10];
        const struct format_options options = format_defaults();
        struct source source;

        memset(endless, 'a', sizeof endless - 1);
        ck_assert(!source_of(&source, &(struct report_frame){ .line = 1 }, &options));
        ck_assert(!source_of(&source, &(struct report_frame){ .file = "a.c" }, &options));
        ck_assert(!source_of(&source, &(struct report_frame){ .file = "", .line = 1 }, &options));
        ck_assert(!source_of(&source, &(struct report_frame){ .file = endless, .line = 1 }, &options));
        ck_assert(source_of(&source, &(struct report_frame){ .file = "/a.c", .line = 1 }, &options));
        ck_assert(!source.below);
}
END_TEST

START_TEST(a_leak_is_shown_in_ones_own_tree)
{
        struct report *report = sample_report();
        struct format_options options = format_defaults();
        struct source source;

        options.root = "/srv/app/src";
        ck_assert(source_of_leak(&source, &report->leaks[0], &options));
        ck_assert_str_eq(source.path, "list.c");
        report->leaks[0].stack[1].file = "/usr/include/list.h";
        ck_assert(source_of_leak(&source, &report->leaks[0], &options));
        ck_assert_str_eq(source.path, "build.c");
        options.root = "/elsewhere";
        ck_assert(source_of_leak(&source, &report->leaks[0], &options));
        ck_assert_str_eq(source.path, "/usr/include/list.h");
        report->leaks[0].stack_count = 0;
        ck_assert(!source_of_leak(&source, &report->leaks[0], &options));
        ck_assert_ptr_null(source.frame);
        report_destroy(report);
}
END_TEST

START_TEST(twins_are_told_apart_also_without_memory)
{
        struct report *report = sample_report();

        report->leaks[1].id = report->leaks[3].id = report->leaks[4].id = report->leaks[0].id;
        for (int failing = 0; failing < 2; failing++) {
                static const size_t expected[] = { 0, 1, 0, 2, 3 };
                struct twins twins;

                mem_fail_after(failing ? 1 : 0);
                twins = twins_find(report);
                mem_fail_after(0);
                ck_assert_int_eq(twins.order == NULL, failing);
                for (size_t i = 0; i < report->leak_count; i++)
                        ck_assert_uint_eq(twins_before(&twins, i), expected[i]);
                twins_deinit(&twins);
        }
        report_destroy(report);
}
END_TEST

SUITE_MAIN("formats", each_form_has_its_own_escapes, own_words_may_have_lines, sources_are_told_from_the_root,
           a_frame_may_have_no_source, a_leak_is_shown_in_ones_own_tree, twins_are_told_apart_also_without_memory)
