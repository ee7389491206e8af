#include "suite.h"

#include "emit/format.h"
#include "emit/ink.h"
#include "emit/text.h"
#include "sample_report.h"

#include <stdio.h>
#include <stdlib.h>

static const char golden[] =
        "weir: app --name=a b\n"
        "\n"
        "#1 96 bytes in 2 blocks definitely lost, with what it alone holds 4,196 bytes in 12 blocks  [definite 15543575ecb3d42d]\n"
        "    type: Node\n"
        "    sizes: 1 x 32, 1 x 64\n"
        "    in 2 processes: 100, 101\n"
        "      malloc\n"
        "      list_push [inlined]     /srv/app/src/list.c:42\n"
        "      build_all               /srv/app/src/build.c:70\n"
        "      ??                      libfoo.so.1+0x99f0\n"
        "      ns::Runner::run(int)    libfoo.so.1+0x8000\n"
        "      main                    ../src/main.c:12\n"
        "      __libc_start_call_main  libc.so.6+0x27249\n"
        "      _start                  app+0x1000\n"
        "\n"
        "#2 128 bytes in 4 blocks lost in a cycle, 2 times over  [cycle 7bce98a5ee79edfc]\n"
        "    sizes: 2 x 24, 2 x 40\n"
        "    in 2 processes: 100, 101\n"
        "      malloc\n"
        "      parent_new [inlined]    /srv/app/src/list.c:8\n"
        "      build_all               /srv/app/src/build.c:70\n"
        "      ??                      libfoo.so.1+0x99f0\n"
        "      ns::Runner::run(int)    libfoo.so.1+0x8000\n"
        "      main                    ../src/main.c:12\n"
        "      __libc_start_call_main  libc.so.6+0x27249\n"
        "      _start                  app+0x1000\n"
        "    the cycle: 2 blocks, 2 pointers\n"
        "      Parent [40]  parent_new (list.c:8)\n"
        "       +16 child --> child_new (list.c:20) [24]\n"
        "       +0 --> CYCLE BACK to Parent [40]\n"
        "    break it at: child_new (list.c:20) [24] +0\n"
        "    break it at: Parent [40] +8 child std::shared_ptr<Child>: make Parent::child a std::weak_ptr (ends the cycle when all 3 like it go)\n"
        "\n"
        "#3 50 bytes in 1 block possibly lost  [possible 1af4659c5e42f0fb]\n"
        "    in 2 processes: 100, 101\n"
        "    weak link: interior: held only by a pointer to its inside in global data\n"
        "      malloc\n"
        "      cut_short [inlined]  /srv/app/src/list.c:90\n"
        "      build_all            /srv/app/src/build.c:70\n"
        "      ... (the stack goes on)\n"
        "\n"
        "processes:\n"
        "      100  app                  exited 0; 110 allocations, 10 live blocks, 4,381 bytes\n"
        "      101  ?                    killed by signal 6; 8 allocations, 8 live blocks, 900 bytes\n"
        "\n"
        "warning: app.supp:4: this suppression matched nothing: leak:not_there\n"
        "note: process 100: 3 stacks compared\n"
        "heap: 118 allocations of 20,900 bytes (20.4 KiB), 100 releases, peak 15,000 bytes (14.6 KiB); at the end 5,281 bytes in 18 blocks\n"
        "  definite   96 bytes in 2 blocks, 1 group\n"
        "  cycle      128 bytes in 4 blocks, 1 group\n"
        "  indirect   4,100 bytes in 10 blocks, 1 group\n"
        "  possible   50 bytes in 1 block, 1 group\n"
        "  reachable  300 bytes in 3 blocks\n"
        "  suppressed 7 bytes in 1 block, 1 group\n"
        "weir: 2 leaks, 4,324 bytes in 16 blocks lost; possibly 50 bytes in 1 block; suppressed 7 bytes in 1 block\n";

static const char retained[] =
        "in use: 79,000 bytes (77.1 KiB) in 13 blocks, of it from before the fork 100 bytes, process 100 app\n"
        "\n"
        "from the roots down\n"
        "      keeps  share    blocks  what holds it, and below that what it alone keeps\n"
        "     9000 B  11.4%        12  global app (table)\n"
        "     8800 B  11.1%        10    0x7f0000001000 [2,048] Table  from table_new (table.c:8)\n"
        "     6752 B   8.5%         9      +24 slots -> 9 x libfoo.so.1+0x99f0, 576 bytes\n"
        "      200 B   0.3%         2    ... 2 more\n"
        "   68.4 KiB  88.6%         1  several roots: 0x7f0000003000 [70,000] (no stack was recorded)\n"
        "        5 B   0.0%         1  ... 1 more\n"
        "\n"
        "where blocks of one sort pile up\n"
        "  1,000 blocks, 16,000 bytes (15.6 KiB), with what they alone keep 20,480 bytes (20.0 KiB): item_new (table.c:20)\n"
        "      in 0x7f0000001000 [2,048] Table  from table_new (table.c:8)\n"
        "      held by stack of thread 2 -> ... 3 more ... -> 0x7f0000004000 [16] App\n"
        "            ... and 1 more place (--limit)\n"
        "\n"
        "by site\n"
        "      keeps  share    blocks          own  site, and what called it\n"
        "     8000 B  10.1%         3        300 B  list_push (list.c:42) < build_all < ns::Runner::run(int)\n"
        "        0 B   0.0%         0          0 B  (no stack was recorded)\n"
        "            ... and 3 more sites (--limit)\n"
        "\n"
        "by type (known of 2 of 13 blocks)\n"
        "      keeps  share    blocks          own  type\n"
        "     8800 B  11.1%         1       2048 B  Table\n"
        "\n"
        "the blocks that keep most\n"
        "      keeps  share    blocks  block\n"
        "     8800 B  11.1%        10  0x7f0000001000 [2,048] Table\n"
        "                                2 references: global app (table), 0x7f0000009000 +8\n"
        "            ... and 3 more blocks (--limit)\n"
        "\n"
        "cycles in use\n"
        "  128 bytes in 4 blocks, 2 times over\n"
        "    the cycle: 2 blocks, 2 pointers\n";

static char *printed(const struct report *report, const struct format_options *options)
{
        char *text;
        size_t size;
        FILE *out = open_memstream(&text, &size);

        ck_assert_ptr_nonnull(out);
        text_write(report, options, out);
        ck_assert_int_eq(fclose(out), 0);
        return text;
}

static void check_contains(const struct report *report, const struct format_options *options, const char *expected)
{
        char *text = printed(report, options);

        ck_assert_msg(strstr(text, expected) != NULL, "\"%s\" is not in:\n%s", expected, text);
        free(text);
}

static const char *last_line(const char *text)
{
        const char *end = text + strlen(text) - 1;

        while (end > text && end[-1] != '\n')
                end--;
        return end;
}

static void check_verdict(const struct report *report, const char *expected)
{
        const struct format_options options = format_defaults();
        char *text = printed(report, &options);

        ck_assert_str_eq(last_line(text), expected);
        free(text);
}

START_TEST(the_whole_reads_like_this)
{
        struct report *report = sample_report();
        const struct format_options options = format_defaults();
        char *text = printed(report, &options);

        ck_assert_str_eq(text, golden);
        free(text);
        report_destroy(report);
}
END_TEST

START_TEST(kinds_choose_what_is_listed)
{
        struct report *report = sample_report();
        struct format_options options = format_defaults();
        char *text;

        options.kinds = 1u << KIND_INDIRECT;
        text = printed(report, &options);
        ck_assert_ptr_nonnull(strstr(text, "#1 4,100 bytes in 10 blocks lost with what holds it  [indirect "));
        ck_assert_ptr_nonnull(strstr(text, "    held by leak " SAMPLE_ID_DEFINITE "\n"));
        ck_assert_ptr_null(strstr(text, "#2"));
        free(text);
        report_destroy(report);
}
END_TEST

START_TEST(the_limit_is_said)
{
        struct report *report = sample_report();
        struct format_options options = format_defaults();

        options.limit = 1;
        check_contains(report, &options,
                       "... and 2 more: 178 bytes in 5 blocks (see --limit; the JSON report lists all)\n");
        options.limit = 0;
        check_contains(report, &options, "#3 ");
        report_destroy(report);
}
END_TEST

START_TEST(pointers_that_read_alike_are_one_line)
{
        struct report *report = sample_report();
        const struct format_options options = format_defaults();
        const struct report_step node = { .type = "Node", .size = 32, .field = "next", .cut = CUT_ENDS };
        struct report_cycle *cycle = NULL;

        for (size_t i = 0; i < report->leak_count; i++)
                if (report->leaks[i].cycle)
                        cycle = report->leaks[i].cycle;
        ck_assert_ptr_nonnull(cycle);
        SAMPLE_LIST(report, cycle->break_at, cycle->break_at_count, { node, node, node, node, node, node });
        cycle->break_at[1].field = "other";
        cycle->break_at_total = 6;
        check_contains(report, &options,
                       "    break it at: Node [32] +0 next (any one of 5)\n"
                       "    break it at: Node [32] +0 other\n\n");
        cycle->break_at_total = 40;
        check_contains(report, &options, "+0 other\n    or 34 more\n\n");
        for (size_t i = 0; i < 5; i++)
                cycle->break_at[i].size = i;
        check_contains(report, &options, "+0 next\n    or 36 more, which a JSON report (-o FILE) lists\n\n");
        report_destroy(report);
}
END_TEST

START_TEST(the_verdict_is_the_last_line)
{
        struct report *report = sample_report();

        report->gate.status = GATE_FAIL;
        check_verdict(report, "weir: 2 leaks, 4,324 bytes in 16 blocks lost; possibly 50 bytes in 1 block; suppressed 7 bytes in 1 block; "
                              "the gate FAILED\n");
        report->gate.status = GATE_PASS;
        report->leak_count = 0;
        report_sort(report);
        check_verdict(report, "weir: no leaks; the gate passed\n");
        report->complete = false;
        report->gate.status = GATE_INCOMPLETE;
        check_verdict(report, "weir: no leaks found in what could be seen; the report is INCOMPLETE; "
                              "the gate cannot pass\n");
        report_destroy(report);
}
END_TEST

START_TEST(what_is_incomplete_is_told)
{
        struct report *report = sample_report();
        const struct format_options options = format_defaults();

        report->complete = false;
        report->summary.totals.events_lost = 12;
        SAMPLE_LIST(report, report->incomplete, report->incomplete_count, { { 101, "it was killed" }, { 0, "disk full" } });
        check_contains(report, &options,
                       "INCOMPLETE: weir could not see everything; there may be more leaks than are told.\n"
                       "  process 101: it was killed\n"
                       "  disk full\n");
        check_contains(report, &options, "12 events of the trace were lost\n");
        report_destroy(report);
}
END_TEST

START_TEST(unknown_says_why)
{
        struct report *report = sample_report();
        const struct format_options options = format_defaults();

        report->leaks[1].kind = KIND_UNKNOWN;
        report->leaks[1].cycle = NULL;
        report->complete = false;
        SAMPLE_LIST(report, report->incomplete, report->incomplete_count, { { 100, "killed by signal 9" } });
        check_contains(report, &options,
                       "#2 128 bytes in 4 blocks live at the end, lost or not is unknown  [unknown ");
        check_contains(report, &options, "    why: killed by signal 9\n");
        report_destroy(report);
}
END_TEST

START_TEST(names_cannot_command_the_terminal)
{
        struct report *report = sample_report();
        const struct format_options options = format_defaults();
        char *text;

        report->leaks[0].stack[1].function = "evil\033[2J\x9b\r\n\xc2\x9bx\xe2\x80\xae";
        report->command[0] = "a\033]0;t\a";
        text = printed(report, &options);
        for (const char *c = text; *c; c++)
                ck_assert_msg(*c == '\n' || ((unsigned char)*c >= 0x20 && (unsigned char)*c < 0x7f), "byte %d",
                              (unsigned char)*c);
        ck_assert_ptr_nonnull(strstr(text, "evil\\x1b[2J\\x9b\\x0d\\x0a\\xc2\\x9bx\\xe2\\x80\\xae"));
        free(text);
        report_destroy(report);
}
END_TEST

START_TEST(long_names_lose_their_middle)
{
        struct report *report = sample_report();
        const struct format_options options = format_defaults();
        char name[501];

        memset(name, 'x', 500);
        memcpy(name, "first", 5);
        memcpy(name + 495, "last_", 6);
        report->leaks[0].stack[1].function = name;
        report->leaks[0].stack[1].inlined = false;
        check_contains(report, &options, "      firstxxx");
        check_contains(report, &options, "xxx...xxx");
        check_contains(report, &options, "xxxlast_  /srv/app/src/list.c:42\n");
        report_destroy(report);
}
END_TEST

START_TEST(colour_is_on_when_asked)
{
        struct report *report = sample_report();
        struct format_options options = format_defaults();

        options.color = true;
        check_contains(report, &options, "\033[1;31m96 bytes\033[0m");
        report_destroy(report);
}
END_TEST

/* ---- ink ------------------------------------------------------------------ */

static void check_bytes(uint64_t bytes, const char *expected)
{
        char text[100] = "";
        struct ink ink = { .out = fmemopen(text, sizeof text, "w") };

        ink_bytes(&ink, INK_PLAIN, bytes);
        fclose(ink.out);
        ck_assert_str_eq(text, expected);
}

START_TEST(sizes_can_be_read)
{
        check_bytes(0, "0 bytes");
        check_bytes(1, "1 byte");
        check_bytes(999, "999 bytes");
        check_bytes(1000, "1,000 bytes");
        check_bytes(10240, "10,240 bytes (10.0 KiB)");
        check_bytes(1048576, "1,048,576 bytes (1.0 MiB)");
        check_bytes(UINT64_MAX, "18,446,744,073,709,551,615 bytes (16.0 EiB)");
}
END_TEST

START_TEST(width_is_what_is_printed)
{
        static const char *const texts[] = {
                "", "abc", "caf\xc3\xa9", "\xff", "a\tb", "0123456789abcdef", "\x01\x02\x03\x04\x05",
        };

        for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
                char text[100] = "";
                struct ink ink = { .out = fmemopen(text, sizeof text, "w") };

                ink_text(&ink, INK_PLAIN, texts[i], 0);
                fclose(ink.out);
                ck_assert_uint_eq(ink_width(text, 0), ink_width(texts[i], 0));
        }
}
END_TEST

START_TEST(what_keeps_the_memory_is_shown_on_request)
{
        struct format_options options = format_defaults();
        struct report *report = sample_report();
        char *text = printed(report, &options);
        const char *found;

        ck_assert_ptr_null(strstr(text, "in use:"));
        free(text);
        options.retained = true;
        text = printed(report, &options);
        found = strstr(text, "in use:");
        ck_assert_ptr_nonnull(found);
        ck_assert_msg(!strncmp(found, retained, sizeof retained - 1), "%s", found);
        ck_assert_ptr_nonnull(strstr(found + sizeof retained - 1, "heap: "));
        free(text);
        report_destroy(report);
}
END_TEST

SUITE_MAIN("text", the_whole_reads_like_this, kinds_choose_what_is_listed, the_limit_is_said,
           pointers_that_read_alike_are_one_line, the_verdict_is_the_last_line, what_is_incomplete_is_told,
           unknown_says_why, names_cannot_command_the_terminal, long_names_lose_their_middle, colour_is_on_when_asked,
           sizes_can_be_read, width_is_what_is_printed, what_keeps_the_memory_is_shown_on_request)
