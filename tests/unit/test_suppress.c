#include "suite.h"

#include "mem.h"
#include "policy/glob.h"
#include "emit/kinds.h"
#include "policy/suppress.h"
#include "policy/suppress_write.h"
#include "sample_report.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* ---- patterns ------------------------------------------------------------- */

static const struct {
        const char *pattern, *text;
        bool matches;
} templates[] = {
        { "foo", "a_foo_b", true },
        { "foo", "fo", false },
        { "^foo", "foobar", true },
        { "^foo", "a_foo", false },
        { "foo$", "a_foo", true },
        { "foo$", "foo_", false },
        { "foo$", "foo_foo", false },
        { "^foo$", "foo", true },
        { "a*c", "xabbcx", true },
        { "a*c$", "abbcc", false },
        { "a*", "xa", true },
        { "*", "x", true },
        { "*", "", false },
        { "", "x", true },
        { "", "", false },
        { "foo$ignored", "foo", true },
        { "foo*$", "foobar", true },
        { "^*bar", "foobar", true },
        { "Foo", "foo", false },
        { "a**b", "a-b", true },
        { "$", "x", false },
        { "a*b*c", "a1b2", false },
};

START_TEST(templates_match_as_leak_sanitizer_does)
{
        for (size_t i = 0; i < sizeof templates / sizeof templates[0]; i++)
                ck_assert_msg(template_matches(templates[i].pattern, templates[i].text) == templates[i].matches,
                              "\"%s\" and \"%s\"", templates[i].pattern, templates[i].text);
}
END_TEST

static const struct {
        const char *pattern, *text;
        bool matches;
} globs[] = {
        { "foo", "foo", true }, { "foo", "foob", false },     { "f?o", "fxo", true },       { "f?o", "fo", false },
        { "*", "", true },      { "*foo*", "a_foo_b", true }, { "a*b*c", "aXbYbZc", true }, { "a*b", "abc", false },
        { "", "", true },       { "", "x", false },           { "?", "", false },           { "*?", "x", true },
        { "***x", "x", true },
};

START_TEST(globs_match_the_whole)
{
        for (size_t i = 0; i < sizeof globs / sizeof globs[0]; i++)
                ck_assert_msg(glob_matches(globs[i].pattern, globs[i].text) == globs[i].matches, "\"%s\" and \"%s\"",
                              globs[i].pattern, globs[i].text);
}
END_TEST

START_TEST(hostile_patterns_take_little_time)
{
        char pattern[2001], text[20001];

        for (size_t i = 0; i < 2000; i++)
                pattern[i] = i % 2 ? 'a' : '*';
        pattern[1999] = 'b';
        pattern[2000] = '\0';
        memset(text, 'a', 20000);
        text[20000] = '\0';
        ck_assert(!glob_matches(pattern, text));
        ck_assert(!template_matches(pattern, text));
}
END_TEST

/* ---- rules against the sample's first leak -------------------------------- */

static void parse(struct suppressions *s, const char *text)
{
        struct error e = { 0 };

        ck_assert_msg(!suppressions_parse(s, text, strlen(text), "test.supp", &e), "%s", e.text);
}

static const struct {
        const char *text;
        bool matches;
} rules[] = {
        { "leak:list_push", true },
        { "leak:list_pusher", false },
        { "leak:^list_push$", true },
        { "leak:libfoo.so", true },
        { "leak:src/build.c", true },
        { "leak:ns::Runner", true },
        { "leak:_ZN2ns6Runner", false },
        { "# comment\n\n \tleak:main\t\r\n", true },
        { "{\nx\nMemcheck:Leak\nfun:malloc\n}", true },
        { "{\nx\nMemcheck:Leak\nfun:list_push\n}", false },
        { "{\nx\nMemcheck:Leak\n...\nfun:list_push\n}", true },
        { "{\nx\nMemcheck:Leak\nfun:malloc\nfun:list_push\nfun:build_all\n}", true },
        { "{\nx\nMemcheck:Leak\nfun:malloc\nfun:build_all\n}", false },
        { "{\nx\nMemcheck:Leak\nfun:malloc\n...\nfun:build_all\n...\nfun:main\n}", true },
        { "{\nx\nMemcheck:Leak\nfun:malloc\n...\nfun:main\n...\nfun:build_all\n}", false },
        { "{\nx\nMemcheck:Leak\n...\nfun:_start\n}", true },
        { "{\nx\nMemcheck:Leak\n...\nfun:_start\nfun:*\n}", false },
        { "{\nx\nMemcheck:Leak\n...\nfun:_start\n...\n}", true },
        { "{\nx\nMemcheck:Leak\n...\nfun:_ZN2ns6Runner3runEi\n}", true },
        { "{\nx\nMemcheck:Leak\n...\nfun:ns::Runner*\n}", false },
        { "{\nx\nweir:Leak\n...\nfun:ns::Runner*\n}", true },
        { "{\nx\nMemcheck:Leak\n...\nobj:*/libfoo.so.?\n}", true },
        { "{\nx\nMemcheck:Leak\nobj:*\nsrc:list.c:42\n}", true },
        { "{\nx\nMemcheck:Leak\nobj:*\nsrc:list.c:43\n}", false },
        { "{\nx\nMemcheck:Leak\nobj:*\nsrc:/srv/*/list.c\n}", true },
        { "{\nx\nMemcheck:Leak\nmatch-leak-kinds: definite\nfun:malloc\n}", true },
        { "{\nx\nMemcheck:Leak\nmatch-leak-kinds:possible,indirect\nfun:malloc\n}", false },
        { "{\nx\nMemcheck:Leak\nmatch-leak-kinds: all\nfun:malloc\n}", true },
        { "{\nx\nMemcheck:Leak\nmatch-leak-kinds: none\nfun:malloc\n}", false },
        { "{\nx\nHelgrind:Race\nfun:malloc\n}", false },
        { "{\nx\nHelgrind,Memcheck:Leak\nfun:malloc\n}", true },
        { "{\nx\nMemcheck:Param\nwrite(buf)\nfun:malloc\n}", false },
        { "{\n x\n # note\n\n memcheck:leak\n   fun:malloc\n }", true },
        { "{\nx\nweir:Leak\ntype: No*\n}", true },
        { "{\nx\nweir:Leak\ntype: Na*\n}", false },
        { "{\nx\nweir:Leak\nmax-bytes: 96\nfun:malloc\n}", true },
        { "{\nx\nweir:Leak\nmax-bytes: 95\nfun:malloc\n}", false },
        { "{\nx\nweir:Leak\nmax-blocks: 1\nfun:malloc\n}", false },
        { "{\nx\nweir:Leak\nexpires: 2026-11-21\nreason: ticket 7: later\nfun:malloc\n}", true },
        { "{\nx\nweir:Leak\nexpires: 2026-11-20\nfun:malloc\n}", false },
        { "", false },
};

START_TEST(rules_match_stacks)
{
        struct report *report = sample_report();

        for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++) {
                struct suppressions s = { .today = 20261121 };

                parse(&s, rules[i].text);
                ck_assert_msg(!!suppressions_find(&s, &report->leaks[0]) == rules[i].matches, "%s", rules[i].text);
                suppressions_deinit(&s);
        }
        report_destroy(report);
}
END_TEST

START_TEST(kinds_of_valgrind_include_cycles)
{
        struct report *report = sample_report();
        struct suppressions s = { 0 };

        parse(&s, "{\nx\nMemcheck:Leak\nmatch-leak-kinds: definite\nfun:malloc\n}");
        ck_assert_int_eq(report->leaks[1].kind, KIND_CYCLE);
        ck_assert_ptr_nonnull(suppressions_find(&s, &report->leaks[1]));
        suppressions_deinit(&s);
        parse(&s, "{\nx\nweir:Leak\nmatch-leak-kinds: definite\nfun:malloc\n}");
        ck_assert_ptr_null(suppressions_find(&s, &report->leaks[1]));
        suppressions_deinit(&s);
        report_destroy(report);
}
END_TEST

START_TEST(operators_of_every_variant_match)
{
        struct report *report = sample_report();
        struct suppressions s = { 0 };

        parse(&s, "{\nx\nMemcheck:Leak\nfun:_Znwm\n}\n{\ny\nMemcheck:Leak\nfun:_ZnamRKSt9nothrow_t\n}");
        report->leaks[0].stack[0].function = "operator new";
        ck_assert_str_eq(suppressions_find(&s, &report->leaks[0])->name, "x");
        report->leaks[0].stack[0].function = "operator new[]";
        ck_assert_str_eq(suppressions_find(&s, &report->leaks[0])->name, "y");
        suppressions_deinit(&s);
        report_destroy(report);
}
END_TEST

/* ---- errors --------------------------------------------------------------- */

static const struct {
        const char *text, *message;
} bad[] = {
        { "race:foo", "test.supp:1: expected leak:PATTERN, or '{' and a Valgrind entry, found \"race:foo\"" },
        { "\n#\nleak:", "test.supp:3: expected leak:PATTERN, or '{' and a Valgrind entry, found \"leak:\"" },
        { "leak:a\n{\nname\n", "test.supp:2: this entry has no closing '}'" },
        { "{\n}", "test.supp:2: expected the name of the entry, found \"}\"" },
        { "{\nx\n}", "test.supp:3: expected TOOL:KIND, like Memcheck:Leak, found \"}\"" },
        { "{\nx\nMemcheck\n}", "test.supp:3: expected TOOL:KIND, like Memcheck:Leak, found \"Memcheck\"" },
        { "{\nx\n:Leak\n}", "test.supp:3: expected TOOL:KIND, like Memcheck:Leak, found \":Leak\"" },
        { "{\nx\nMemcheck:Leak\n}",
          "test.supp:4: expected at least one fun:, obj: or src: before the end of the entry, found \"}\"" },
        { "{\nx\nMemcheck:Leak\n...\n}",
          "test.supp:5: expected at least one fun:, obj: or src: before the end of the entry, found \"}\"" },
        { "{\nx\nMemcheck:Leak\nfn:malloc\n}",
          "test.supp:4: expected fun:NAME, obj:FILE, src:FILE, '...' or '}', found \"fn:malloc\"" },
        { "{\nx\nMemcheck:Leak\nfun:\n}", "test.supp:4: expected a name or a pattern after the colon, found \"fun:\"" },
        { "{\nx\nMemcheck:Leak\nfun:a\nmatch-leak-kinds: all\n}",
          "test.supp:5: expected fun:NAME, obj:FILE, src:FILE, '...' or '}', found \"match-leak-kinds: all\"" },
        { "{\nx\nMemcheck:Leak\nmatch-leak-kinds: defnite\nfun:a\n}",
          "test.supp:4: expected kinds like definite,indirect,possible,reachable, all or none, found \"defnite\"" },
        { "{\nx\nMemcheck:Leak\nmatch-leak-kinds:\nfun:a\n}", "test.supp:4: expected kinds, found \"\"" },
        { "{\nx\nMemcheck:Leak\nsrc:a.c:x\n}", "test.supp:4: expected a number, found \"x\"" },
        { "{\nx\nMemcheck:Leak\nsrc:a.c:0\n}", "test.supp:4: expected the number of a line, found \"0\"" },
        { "{\nx\nMemcheck:Leak\nmax-bytes: 4\nfun:a\n}",
          "test.supp:4: expected fun:NAME, obj:FILE, src:FILE, '...' or '}', found \"max-bytes: 4\"" },
        { "{\nx\nweir:Leak\nmax-bytes: -4\nfun:a\n}", "test.supp:4: expected a number, found \"-4\"" },
        { "{\nx\nweir:Leak\nexpires: soon\nfun:a\n}", "test.supp:4: expected a date like 2027-01-31, found \"soon\"" },
        { "{\nx\nweir:Leak\nexpires: 2027-13-01\nfun:a\n}",
          "test.supp:4: expected a date like 2027-01-31, found \"2027-13-01\"" },
};

START_TEST(errors_name_the_line_and_what_was_expected)
{
        for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
                struct suppressions s = { 0 };
                struct error e = { 0 };

                parse(&s, "leak:before");
                ck_assert_int_eq(suppressions_parse(&s, bad[i].text, strlen(bad[i].text), "test.supp", &e), -1);
                ck_assert_int_eq(e.code, ERROR_BAD_INPUT);
                ck_assert_str_eq(e.text, bad[i].message);
                ck_assert_uint_eq(s.count, 1);
                suppressions_deinit(&s);
        }
}
END_TEST

START_TEST(binary_and_missing_files_are_refused)
{
        struct suppressions s = { 0 };
        struct error e = { 0 };

        ck_assert_int_eq(suppressions_parse(&s, "leak:a\0b", 8, "b", &e), -1);
        ck_assert_str_eq(e.text, "b: byte 6 is 0: this is no file of suppressions");
        ck_assert_int_eq(suppressions_read(&s, "/nonexistent/x.supp", &e), -1);
        ck_assert_str_eq(e.text, "cannot read /nonexistent/x.supp: No such file or directory");
        ck_assert_int_eq(suppressions_parse(&s, "", 0, "empty", &e), 0);
        suppressions_deinit(&s);
}
END_TEST

START_TEST(too_many_locations_are_refused)
{
        char text[8192] = "{\nx\nMemcheck:Leak\n";
        struct suppressions s = { 0 };
        struct error e = { 0 };

        for (int i = 0; i < SUPPRESS_LOCATIONS_MOST + 1; i++)
                strcat(text, "fun:a\n");
        strcat(text, "}\n");
        ck_assert_int_eq(suppressions_parse(&s, text, strlen(text), "t", &e), -1);
        ck_assert_str_eq(e.text, "t:504: expected at most 500 locations, found \"fun:a\"");
        suppressions_deinit(&s);
}
END_TEST

/* ---- reports -------------------------------------------------------------- */

static void apply(struct suppressions *s, struct report *report)
{
        struct error e = { 0 };

        ck_assert_msg(!suppressions_apply(s, report, &e), "%s", e.text);
}

START_TEST(a_suppressed_leak_takes_what_it_owns)
{
        struct report *report = sample_report();
        struct suppressions s = { 0 };

        report->suppression_count = 0;
        parse(&s, "leak:list_push\nleak:no_such_thing\n");
        apply(&s, report);
        ck_assert_int_eq(report->leaks[0].status, LEAK_SUPPRESSED);
        ck_assert_int_eq(report->leaks[3].kind, KIND_INDIRECT);
        ck_assert_int_eq(report->leaks[3].status, LEAK_SUPPRESSED);
        ck_assert_str_eq(report->leaks[3].suppressed_by, "leak:list_push");
        ck_assert_uint_eq(report->summary.kinds[KIND_INDIRECT].groups, 0);
        ck_assert_uint_eq(report->summary.suppressed.bytes, 96 + 4100 + 7);
        ck_assert_uint_eq(report->suppression_count, 2);
        ck_assert_uint_eq(report->suppressions[0].blocks, 12);
        ck_assert_uint_eq(report->suppressions[0].line, 1);
        ck_assert_str_eq(report->suppressions[0].file, "test.supp");
        ck_assert_uint_eq(report->suppressions[1].blocks, 0);
        suppressions_deinit(&s);
        ck_assert_str_eq(report->leaks[0].suppressed_by, "leak:list_push");
        report_destroy(report);
}
END_TEST

START_TEST(what_others_own_too_stays)
{
        struct report *report = sample_report();
        struct suppressions s = { 0 };

        SAMPLE_LIST(report, report->leaks[3].owners, report->leaks[3].owner_count,
                    { SAMPLE_ID_DEFINITE, SAMPLE_ID_CYCLE });
        parse(&s, "leak:list_push\n");
        apply(&s, report);
        ck_assert_int_eq(report->leaks[3].status, LEAK_NEW);
        suppressions_deinit(&s);
        parse(&s, "leak:parent_new\n");
        apply(&s, report);
        /* Its other owner was suppressed by an earlier judgement, whose rule is listed. */
        ck_assert_int_eq(report->leaks[1].status, LEAK_SUPPRESSED);
        suppressions_deinit(&s);
        report_destroy(report);
}
END_TEST

START_TEST(the_first_rule_wins)
{
        struct report *report = sample_report();
        struct suppressions s = { 0 };

        parse(&s, "leak:main\nleak:list_push\n");
        apply(&s, report);
        ck_assert_str_eq(report->leaks[0].suppressed_by, "leak:main");
        suppressions_deinit(&s);
        report_destroy(report);
}
END_TEST

START_TEST(expired_rules_are_told)
{
        struct report *report = sample_report();
        struct suppressions s = { .today = 20261121 };

        parse(&s, "{\nold one\nweir:Leak\nexpires: 2026-01-31\nfun:malloc\n}");
        apply(&s, report);
        ck_assert_int_eq(report->leaks[0].status, LEAK_NEW);
        ck_assert_uint_eq(report->diagnostic_count, 2);
        ck_assert_str_eq(report->diagnostics[1].message, "test.supp:1: this suppression has expired: old one");
        suppressions_deinit(&s);
        report_destroy(report);
}
END_TEST

START_TEST(built_in_rules_are_told_only_when_they_hit)
{
        struct report *report = sample_report();
        struct suppressions s = { 0 };
        struct error e = { 0 };

        report->suppression_count = 0;
        ck_assert_msg(!suppressions_add_built_in(&s, &e), "%s", e.text);
        apply(&s, report);
        ck_assert_uint_eq(report->suppression_count, 0);
        report->leaks[0].stack[1].module = "/lib64/ld-linux-x86-64.so.2";
        apply(&s, report);
        ck_assert_int_eq(report->leaks[0].status, LEAK_SUPPRESSED);
        ck_assert_uint_eq(report->suppression_count, 1);
        ck_assert_ptr_null(report->suppressions[0].file);
        suppressions_deinit(&s);
        report_destroy(report);
}
END_TEST

START_TEST(any_allocation_may_fail)
{
        static const char text[] = "leak:list_push\n{\nx\nweir:Leak\nexpires: 2026-01-31\nfun:malloc\n}";
        bool done = false;

        for (size_t nth = 1; !done; nth++) {
                struct report *report = sample_report();
                struct suppressions s = { .today = 20261121 };
                struct error e = { 0 };

                mem_fail_after(nth);
                done = !suppressions_parse(&s, text, strlen(text), "t", &e) && !suppressions_apply(&s, report, &e);
                mem_fail_after(0);
                if (!done)
                        ck_assert_int_eq(e.code, ERROR_NO_MEMORY);
                suppressions_deinit(&s);
                report_destroy(report);
        }
}
END_TEST

START_TEST(rules_are_told_with_what_they_say)
{
        struct report *report = sample_report();
        struct suppressions s = { .today = 20261121 };

        report->suppression_count = 0;
        parse(&s, "{\nx\nweir:Leak\nexpires: 2027-01-31\nreason: ticket 7\nfun:malloc\nfun:list_push\n}");
        apply(&s, report);
        suppressions_deinit(&s);
        ck_assert_uint_eq(report->suppression_count, 1);
        ck_assert_str_eq(report->suppressions[0].reason, "ticket 7");
        ck_assert_str_eq(report->suppressions[0].expires, "2027-01-31");
        ck_assert(!report->suppressions[0].expired);
        ck_assert_uint_eq(report->suppressions[0].leaks, 2);
        report_destroy(report);
}
END_TEST

/* ---- scope ---------------------------------------------------------------- */

static const struct {
        const char *module, *function;
        bool holds;
} scopes[] = {
        { "app", NULL, true },     { "libfoo.so*", NULL, true },   { "libfoo", NULL, false },
        { "*/bin/app", NULL, true }, { "/srv/*", NULL, true },     { "bin/app", NULL, false },
        { NULL, "list_push", true }, { NULL, "ns::Runner*", true }, { NULL, "_ZN2ns6Runner3runEi", true },
        { NULL, "list", false },   { "app", "list_push", true },   { "app", "list", false },
        { "other", "list_push", false },
};

START_TEST(a_scope_holds_what_touches_it)
{
        struct report *report = sample_report();

        for (size_t i = 0; i < sizeof scopes / sizeof scopes[0]; i++) {
                const struct scope scope = {
                        .modules = &scopes[i].module,
                        .functions = &scopes[i].function,
                        .module_count = scopes[i].module != NULL,
                        .function_count = scopes[i].function != NULL,
                };

                ck_assert_msg(scope_holds(&scope, &report->leaks[0]) == scopes[i].holds, "case %zu", i);
                ck_assert(scope_holds(&scope, &report->leaks[4])); /* its stack is cut off */
        }
        report_destroy(report);
}
END_TEST

START_TEST(what_is_outside_the_scope_is_set_aside)
{
        static const char *const functions[] = { "parent_new" };
        const struct scope scope = { .functions = functions, .function_count = 1 };
        struct suppressions s = { .scope = &scope };
        struct report *report = sample_report();

        report->suppression_count = 0;
        apply(&s, report);
        suppressions_deinit(&s);
        ck_assert_int_eq(report->leaks[0].status, LEAK_SUPPRESSED);
        ck_assert_int_eq(report->leaks[1].status, LEAK_NEW);
        ck_assert_int_eq(report->leaks[3].status, LEAK_SUPPRESSED); /* with its owner */
        ck_assert_str_eq(report->leaks[3].suppressed_by, "not in --only-frame=parent_new");
        ck_assert_uint_eq(report->suppression_count, 1);
        ck_assert_ptr_null(report->suppressions[0].file);
        ck_assert_uint_eq(report->suppressions[0].leaks, 2);
        ck_assert_uint_eq(report->suppressions[0].bytes, 96 + 4100);
        report_destroy(report);
}
END_TEST

/* ---- writing rules -------------------------------------------------------- */

static char *written(const struct report *report, uint32_t kinds, enum rule_form form)
{
        struct error e = { 0 };
        char *text;
        size_t size;
        FILE *out = open_memstream(&text, &size);

        ck_assert_msg(!suppressions_write(report, kinds, form, out, &e), "%s", e.text);
        fclose(out);
        return text;
}

START_TEST(written_rules_suppress_what_they_are_for)
{
        for (int form = RULE_LSAN; form <= RULE_WEIR; form++) {
                struct report *report = sample_report();
                char *text = written(report, KINDS_ALL, (enum rule_form)form);
                struct suppressions s = { 0 };

                report->suppression_count = 0;
                parse(&s, text);
                apply(&s, report);
                for (size_t i = 0; i < report->leak_count; i++)
                        ck_assert_msg(report->leaks[i].status == LEAK_SUPPRESSED, "leak %zu: %s", i, text);
                for (size_t i = 0; i < report->suppression_count; i++)
                        ck_assert_msg(report->suppressions[i].leaks, "unused: %s", report->suppressions[i].rule);
                suppressions_deinit(&s);
                free(text);
                report_destroy(report);
        }
}
END_TEST

START_TEST(rules_are_written_in_each_syntax)
{
        struct report *report = sample_report();
        char *text;

        text = written(report, 1u << KIND_CYCLE, RULE_WEIR);
        ck_assert_str_eq(text, "{\n   cycle " SAMPLE_ID_CYCLE ": parent_new\n   weir:Leak\n   match-leak-kinds: cycle\n"
                               "   fun:malloc\n   fun:parent_new\n   fun:build_all\n   obj:*/libfoo.so.1\n"
                               "   fun:ns::Runner::run(int)\n   fun:main\n}\n");
        free(text);
        text = written(report, 1u << KIND_CYCLE, RULE_VALGRIND);
        ck_assert_ptr_nonnull(strstr(text, "   Memcheck:Leak\n   match-leak-kinds: definite\n   fun:malloc\n"));
        ck_assert_ptr_nonnull(strstr(text, "   fun:_ZN2ns6Runner3runEi\n"));
        free(text);
        text = written(report, 1u << KIND_CYCLE, RULE_LSAN);
        ck_assert_str_eq(text, "leak:^parent_new$\n");
        free(text);
        report_destroy(report);
}
END_TEST

START_TEST(odd_names_make_usable_rules)
{
        static const char *const names[] = { "operator*(a, b)", "a\nb", " lead", "trail ", "x$y", "^up", "f(char*)", "}" };

        for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
                for (int form = RULE_LSAN; form <= RULE_WEIR; form++) {
                        struct report *report = sample_report();
                        struct suppressions s = { 0 };
                        char *text;

                        report->leaks[0].stack[1].function = names[i];
                        text = written(report, 1u << KIND_DEFINITE, (enum rule_form)form);
                        parse(&s, text);
                        if (!strstr(text, "# nothing"))
                                ck_assert_msg(suppressions_find(&s, &report->leaks[0]) != NULL, "%s: %s", names[i], text);
                        else
                                ck_assert_int_eq(form, RULE_LSAN);
                        suppressions_deinit(&s);
                        free(text);
                        report_destroy(report);
                }
}
END_TEST

SUITE_MAIN("suppress", templates_match_as_leak_sanitizer_does, globs_match_the_whole, hostile_patterns_take_little_time,
           rules_match_stacks, kinds_of_valgrind_include_cycles, operators_of_every_variant_match,
           errors_name_the_line_and_what_was_expected, binary_and_missing_files_are_refused,
           too_many_locations_are_refused, a_suppressed_leak_takes_what_it_owns, what_others_own_too_stays,
           the_first_rule_wins, expired_rules_are_told, built_in_rules_are_told_only_when_they_hit,
           any_allocation_may_fail, rules_are_told_with_what_they_say, a_scope_holds_what_touches_it,
           what_is_outside_the_scope_is_set_aside, written_rules_suppress_what_they_are_for,
           rules_are_written_in_each_syntax, odd_names_make_usable_rules)
