#include "suite.h"

#include "commands/nearest.h"
#include "commands/options.h"
#include "emit/report.h"

#include <stdlib.h>
#include <string.h>

struct output {
        const char *report;
        bool quiet;
        int color;
        uint32_t kinds;
};

struct limits {
        struct option_size max, limit;
        struct option_limits by_kind;
        struct option_growth growth;
        const char *maybe;
        struct option_list files;
};

struct all {
        struct output output;
        struct limits limits;
};

static const struct option_spec output_specs[] = {
        { "report", 'o', OPTION_TEXT, "FILE", "", offsetof(struct output, report) },
        { "quiet", 'q', OPTION_FLAG, NULL, "", offsetof(struct output, quiet) },
        { "color", 0, OPTION_CHOICE, "auto|always|never", "", offsetof(struct output, color) },
        { "kinds", 0, OPTION_KINDS, "KINDS", "", offsetof(struct output, kinds) },
};
static const struct option_spec limit_specs[] = {
        { "number", 0, OPTION_NUMBER, "N", "", offsetof(struct limits, max) },
        { "suppressions", 0, OPTION_LIST, "FILE", "", offsetof(struct limits, files) },
        { "limits", 0, OPTION_LIMITS, "[KIND=]N", "", offsetof(struct limits, by_kind), true },
        { "limit", 0, OPTION_LIMIT, "N", "", offsetof(struct limits, limit) },
        { "growth", 0, OPTION_GROWTH, "N%|N", "", offsetof(struct limits, growth), true },
        { "maybe", 0, OPTION_MAYBE, "WORD", "", offsetof(struct limits, maybe), true },
};
static const struct option_group groups[] = {
        { "Output", output_specs, 4, offsetof(struct all, output) },
        { "Limits", limit_specs, sizeof limit_specs / sizeof limit_specs[0], offsetof(struct all, limits) },
};

struct parse {
        struct all all;
        struct options_result result;
        struct error error;
        char *argv[80];
        char line[1000];
        int argc;
        int status;
};

/* Splits and parses a line of words. */
static void parse(struct parse *p, unsigned flags, const char *line)
{
        memset(p, 0, sizeof *p);
        strcpy(p->line, line);
        p->argv[0] = "test";
        p->argc = options_split(p->line, p->argv, 80, &p->error);
        p->status = p->argc < 0 ? -1
                                : options_parse(groups, 2, flags, p->argc, p->argv, &p->all, &p->result, &p->error);
}

START_TEST(values_come_attached_or_apart)
{
        static const char *const lines[] = { "--report=a.json -q", "--report a.json --quiet", "-o a.json -q", "-oa.json -q",
                                             "-o b.json -q --report=a.json" };

        for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
                struct parse p;

                parse(&p, 0, lines[i]);
                ck_assert_int_eq(p.status, 0);
                ck_assert_str_eq(p.all.output.report, "a.json");
                ck_assert(p.all.output.quiet);
                ck_assert_int_eq(p.result.first, p.argc);
        }
}
END_TEST

START_TEST(a_command_ends_the_options)
{
        struct parse p;

        parse(&p, OPTIONS_STOP, "-q ls -o x --quiet");
        ck_assert_int_eq(p.status, 0);
        ck_assert_int_eq(p.result.first, 2);
        ck_assert_str_eq(p.argv[2], "ls");
        ck_assert_ptr_null(p.all.output.report);
        parse(&p, OPTIONS_STOP, "-q -- -o");
        ck_assert_int_eq(p.result.first, 3);
        ck_assert_str_eq(p.argv[3], "-o");
}
END_TEST

START_TEST(operands_may_stand_between_options)
{
        struct parse p;

        parse(&p, 0, "one -q two --report r -- -three");
        ck_assert_int_eq(p.status, 0);
        ck_assert_int_eq(p.argc - p.result.first, 3);
        ck_assert_str_eq(p.argv[p.result.first], "one");
        ck_assert_str_eq(p.argv[p.result.first + 1], "two");
        ck_assert_str_eq(p.argv[p.result.first + 2], "-three");
        ck_assert(p.all.output.quiet);
        ck_assert_str_eq(p.all.output.report, "r");
}
END_TEST

START_TEST(values_have_types)
{
        struct parse p;

        parse(&p, 0, "--color never --number 3072 --kinds definite,cycle --suppressions a --suppressions b");
        ck_assert_int_eq(p.status, 0);
        ck_assert_int_eq(p.all.output.color, 2);
        ck_assert(p.all.limits.max.given);
        ck_assert_uint_eq(p.all.limits.max.value, 3072);
        ck_assert_uint_eq(p.all.output.kinds, 1u << KIND_DEFINITE | 1u << KIND_CYCLE);
        ck_assert_uint_eq(p.all.limits.files.count, 2);
        ck_assert_str_eq(p.all.limits.files.items[1], "b");
        parse(&p, 0, "--kinds all --number=0");
        ck_assert_uint_eq(p.all.output.kinds, (1u << KIND_COUNT) - 1);
        ck_assert(p.all.limits.max.given);
}
END_TEST

START_TEST(limits_are_for_all_or_for_a_kind)
{
        struct parse p;
        const struct option_limits *limits = &p.all.limits.by_kind;

        parse(&p, 0, "--limits definite=4K,7 --limits=cycle=0,definite=5");
        ck_assert_int_eq(p.status, 0);
        ck_assert(limits->all.given);
        ck_assert_uint_eq(limits->all.value, 7);
        ck_assert(limits->kinds[KIND_CYCLE].given);
        ck_assert_uint_eq(limits->kinds[KIND_CYCLE].value, 0);
        ck_assert_uint_eq(limits->kinds[KIND_DEFINITE].value, 5);
        ck_assert(!limits->kinds[KIND_POSSIBLE].given);
}
END_TEST

START_TEST(growth_is_a_share_or_bytes)
{
        struct parse p;

        parse(&p, 0, "--growth 10%");
        ck_assert_uint_eq(p.all.limits.growth.percent, 10);
        ck_assert_uint_eq(p.all.limits.growth.bytes, 0);
        parse(&p, 0, "--growth 10% --growth 2K");
        ck_assert_uint_eq(p.all.limits.growth.percent, 0);
        ck_assert_uint_eq(p.all.limits.growth.bytes, 2048);
}
END_TEST

START_TEST(a_value_may_be_left_out)
{
        struct parse p;

        parse(&p, 0, "--maybe word");
        ck_assert_int_eq(p.status, 0);
        ck_assert_str_eq(p.all.limits.maybe, "");
        ck_assert_int_eq(p.argc - p.result.first, 1);
        parse(&p, 0, "--maybe=word");
        ck_assert_str_eq(p.all.limits.maybe, "word");
        parse(&p, 0, "");
        ck_assert_ptr_null(p.all.limits.maybe);
}
END_TEST

START_TEST(rare_options_are_in_the_long_help)
{
        char *text;
        size_t size;

        for (int all = 0; all < 2; all++) {
                FILE *out = open_memstream(&text, &size);

                ck_assert_uint_eq(options_print(groups, 2, all, out), all ? 0 : 3);
                fclose(out);
                ck_assert_ptr_nonnull(strstr(text, "--number=N"));
                ck_assert_int_eq(!!strstr(text, "--maybe[=WORD]"), all);
                free(text);
        }
}
END_TEST

START_TEST(errors_name_the_option_and_the_cure)
{
        static const struct {
                const char *line, *text;
        } cases[] = {
                { "--reprot x", "unknown option '--reprot'; did you mean '--report'?" },
                { "--zebra", "unknown option '--zebra'" },
                { "-z", "unknown option '-z'" },
                { "--report", "option '--report' wants a value: FILE" },
                { "--report=", "option '--report' wants a value (FILE), not nothing" },
                { "--help=most", "option '--help' takes nothing, or all: not 'most'" },
                { "--quiet=yes", "option '--quiet' takes no value" },
                { "--color blue", "option '--color' wants one of auto|always|never, not 'blue'" },
                { "--number -1", "option '--number' wants a number, not '-1'" },
                { "--number 99999999999999999999", "option '--number' wants a number, not '99999999999999999999'" },
                { "--number 1K", "option '--number' wants a number, not '1K'" },
                { "--limits 20000000000G",
                  "option '--limits' wants a number such as 4096 or 64K, or one for a kind such as definite=64K, "
                  "separated by commas, not '20000000000G'" },
                { "--limits", "option '--limits' wants a value: [KIND=]N" },
                { "--limits definite=",
                  "option '--limits' wants a number such as 4096 or 64K, or one for a kind such as definite=64K, "
                  "separated by commas, not 'definite='" },
                { "--limits 4,lost=1",
                  "option '--limits' wants a number such as 4096 or 64K, or one for a kind such as definite=64K, "
                  "separated by commas, not 'lost=1'" },
                { "--growth 10%%", "option '--growth' wants a share such as 10% or bytes such as 4K, not '10%%'" },
                { "--growth %", "option '--growth' wants a share such as 10% or bytes such as 4K, not '%'" },
                { "--growth 8G%", "option '--growth' wants a share such as 10% or bytes such as 4K, not '8G%'" },
                { "--maybe=", "option '--maybe' wants a value (WORD), not nothing" },
                { "--kinds definite,lost",
                  "option '--kinds': 'lost' is no kind; use definite, cycle, indirect, possible, reachable, unknown or "
                  "all, separated by commas" },
                { "--report 'x", "a quote is not closed" },
        };

        for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
                struct parse p;

                parse(&p, 0, cases[i].line);
                ck_assert_int_eq(p.status, -1);
                ck_assert_int_eq(p.error.code, ERROR_USAGE);
                ck_assert_str_eq(p.error.text, cases[i].text);
        }
}
END_TEST

START_TEST(help_is_seen_before_what_follows_it)
{
        struct parse p;

        parse(&p, OPTIONS_STOP, "-q --help --zebra");
        ck_assert_int_eq(p.status, 0);
        ck_assert(p.result.help);
        ck_assert(!p.result.help_all);
        parse(&p, OPTIONS_STOP, "--help=all --zebra");
        ck_assert(p.result.help && p.result.help_all);
        parse(&p, OPTIONS_STOP, "ls --help");
        ck_assert(!p.result.help);
}
END_TEST

START_TEST(too_many_list_values_are_an_error)
{
        struct parse p;
        char line[1000] = "";

        for (int i = 0; i < OPTION_LIST_MAX + 1; i++)
                strcat(line, "--quiet ");
        parse(&p, 0, line);
        ck_assert_int_eq(p.status, 0);
        for (int i = 0; i < OPTION_LIST_MAX; i++) {
                p.argv[1 + i] = "--suppressions=f";
        }
        p.argv[1 + OPTION_LIST_MAX] = "--suppressions=g";
        ck_assert_int_eq(options_parse(groups, 2, 0, OPTION_LIST_MAX + 1, p.argv, &p.all, &p.result, &p.error), 0);
        memset(&p.all, 0, sizeof p.all);
        ck_assert_int_eq(options_parse(groups, 2, 0, OPTION_LIST_MAX + 2, p.argv, &p.all, &p.result, &p.error), -1);
        ck_assert_str_eq(p.error.text, "option '--suppressions' is given more than 64 times");
}
END_TEST

START_TEST(lines_split_as_in_a_shell)
{
        char line[] = "  a 'b c' d\\ e \"f 'g\" '' h\\\\ ";
        char *argv[10];
        struct error e = { 0 };

        ck_assert_int_eq(options_split(line, argv, 10, &e), 7);
        ck_assert_str_eq(argv[1], "a");
        ck_assert_str_eq(argv[2], "b c");
        ck_assert_str_eq(argv[3], "d e");
        ck_assert_str_eq(argv[4], "f 'g");
        ck_assert_str_eq(argv[5], "");
        ck_assert_str_eq(argv[6], "h\\");
        ck_assert_int_eq(options_split((char[]){ "a b c" }, argv, 3, &e), -1);
        ck_assert_str_eq(e.text, "more than 2 options");
}
END_TEST

START_TEST(the_nearest_word_is_offered_and_a_far_one_is_not)
{
        static const char *const known[] = { "run", "report", "gate", "diff", "why" };
        static const struct {
                const char *typed, *meant;
        } cases[] = { { "rnu", "run" }, { "reprot", "report" }, { "gaet", "gate" }, { "dif", "diff" }, { "zzzzzz", NULL } };

        for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
                struct nearest near = nearest_to(cases[i].typed, strlen(cases[i].typed));

                for (size_t k = 0; k < sizeof known / sizeof known[0]; k++)
                        nearest_offer(&near, known[k]);
                if (cases[i].meant)
                        ck_assert_str_eq(near.best, cases[i].meant);
                else
                        ck_assert_ptr_null(near.best);
        }
}
END_TEST

START_TEST(a_limit_is_a_number_or_all)
{
        static const char *const wrong[] = { "-1", "2K", "all5", "alle", "", "x", "99999999999999999999999" };
        struct parse p;

        parse(&p, 0, "--limit=12");
        ck_assert_int_eq(p.status, 0);
        ck_assert(p.all.limits.limit.given && p.all.limits.limit.value == 12);
        parse(&p, 0, "--limit all");
        ck_assert_int_eq(p.status, 0);
        ck_assert(p.all.limits.limit.given && !p.all.limits.limit.value);
        for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
                char line[100];

                (void)snprintf(line, sizeof line, "--limit='%s'", wrong[i]);
                parse(&p, 0, line);
                ck_assert_int_eq(p.status, -1);
                ck_assert_int_eq(p.error.code, ERROR_USAGE);
        }
}
END_TEST

SUITE_MAIN("options", values_come_attached_or_apart, a_command_ends_the_options, operands_may_stand_between_options,
           values_have_types, limits_are_for_all_or_for_a_kind, growth_is_a_share_or_bytes, a_value_may_be_left_out,
           rare_options_are_in_the_long_help, errors_name_the_option_and_the_cure, help_is_seen_before_what_follows_it,
           too_many_list_values_are_an_error, lines_split_as_in_a_shell,
           the_nearest_word_is_offered_and_a_far_one_is_not,
           a_limit_is_a_number_or_all)
