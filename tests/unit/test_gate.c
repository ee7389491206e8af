#include "suite.h"

#include "policy/gate.h"
#include "emit/kinds.h"
#include "mem.h"
#include "sample_report.h"

static const struct policy plain = { .asked = true, .fail_on = KINDS_GATE };

static enum gate_status judged(struct report *report, const struct policy *policy)
{
        struct error e = { 0 };

        ck_assert_msg(!gate_judge(report, policy, &e), "%s", e.text);
        return report->gate.status;
}

/* The sample without leaks that fail. */
static struct report *clean(void)
{
        struct report *report = sample_report();

        report->leak_count = 0;
        report_sort(report);
        return report;
}

START_TEST(without_a_question_there_is_no_gate)
{
        struct report *report = sample_report();
        const struct policy none = { 0 };

        ck_assert_int_eq(judged(report, &none), GATE_OFF);
        ck_assert_uint_eq(report->gate.rule_count, 0);
        ck_assert_int_eq(gate_exit_status(report, 7), 7);
        report_destroy(report);
}
END_TEST

START_TEST(leaks_fail_it)
{
        struct report *report = sample_report();

        ck_assert_int_eq(judged(report, &plain), GATE_FAIL);
        ck_assert_uint_eq(report->gate.rule_count, 2);
        ck_assert_str_eq(report->gate.rules[0].rule, "definite blocks");
        ck_assert_uint_eq(report->gate.rules[0].limit, 0);
        ck_assert_uint_eq(report->gate.rules[0].value, 12);
        ck_assert(!report->gate.rules[0].pass);
        ck_assert_int_eq(gate_exit_status(report, 0), 23);
        ck_assert_int_eq(gate_exit_status(report, 9), 23);
        report_destroy(report);
}
END_TEST

static size_t failing(const struct report *report)
{
        size_t count = 0;

        for (size_t i = 0; i < report->leak_count; i++)
                count += report->leaks[i].fails_gate;
        return count;
}

START_TEST(the_leaks_that_fail_it_are_told)
{
        struct report *report = sample_report();
        const struct policy all = { .asked = true, .fail_on = KINDS_GATE, .bytes.all = { true, 4197 } };
        const struct policy each = { .asked = true, .fail_on = KINDS_GATE, .leak_bytes.all = { true, 4195 } };
        const struct policy enough = { .asked = true, .fail_on = KINDS_GATE, .bytes.all = { true, 1000000 } };
        const struct policy of_kind = { .asked = true,
                                        .fail_on = KINDS_GATE,
                                        .bytes.all = { true, 1000000 },
                                        .bytes.kinds[KIND_CYCLE] = { true, 127 } };
        const struct policy none = { 0 };

        (void)judged(report, &plain);
        ck_assert_uint_eq(failing(report), 2);
        ck_assert(!report->leaks[3].fails_gate);
        (void)judged(report, &all);
        ck_assert_uint_eq(failing(report), 2);
        (void)judged(report, &each);
        ck_assert_uint_eq(failing(report), 1);
        ck_assert(report->leaks[0].fails_gate);
        (void)judged(report, &of_kind);
        ck_assert_uint_eq(failing(report), 1);
        ck_assert(report->leaks[1].fails_gate);
        (void)judged(report, &plain);
        (void)judged(report, &enough);
        ck_assert_uint_eq(failing(report), 0);
        (void)judged(report, &plain);
        (void)judged(report, &none);
        ck_assert_uint_eq(failing(report), 0);
        report_destroy(report);
}
END_TEST

START_TEST(a_clean_and_complete_report_passes)
{
        struct report *report = clean();

        ck_assert_int_eq(judged(report, &plain), GATE_PASS);
        ck_assert_int_eq(gate_exit_status(report, 0), 0);
        ck_assert_int_eq(gate_exit_status(report, 3), 3);
        report_destroy(report);
}
END_TEST

START_TEST(known_and_suppressed_leaks_do_not_count)
{
        struct report *report = sample_report();

        for (size_t i = 0; i < report->leak_count; i++)
                report->leaks[i].status = i % 2 ? LEAK_KNOWN : LEAK_SUPPRESSED;
        ck_assert_int_eq(judged(report, &plain), GATE_PASS);
        report_destroy(report);
}
END_TEST

START_TEST(kinds_choose_what_counts)
{
        struct report *report = sample_report();
        struct policy policy = plain;

        policy.fail_on = 1u << KIND_UNKNOWN;
        ck_assert_int_eq(judged(report, &policy), GATE_PASS);
        policy.fail_on = 1u << KIND_POSSIBLE;
        ck_assert_int_eq(judged(report, &policy), GATE_FAIL);
        report_destroy(report);
}
END_TEST

START_TEST(a_leak_weighs_what_it_holds)
{
        struct report *report = sample_report();
        struct policy policy = plain;

        policy.bytes.all = (struct gate_limit){ true, 4323 };
        ck_assert_int_eq(judged(report, &policy), GATE_FAIL);
        ck_assert_uint_eq(report->gate.rules[0].value, 4196 + 128);
        policy.bytes.all.value = 4324;
        ck_assert_int_eq(judged(report, &policy), GATE_PASS);
        policy.fail_on = KINDS_GATE | 1u << KIND_INDIRECT; /* indirect counts for itself, nothing twice */
        ck_assert_int_eq(judged(report, &policy), GATE_PASS);
        ck_assert_uint_eq(report->gate.rules[0].value, 96 + 128 + 4100);
        report_destroy(report);
}
END_TEST

START_TEST(limits_hold_for_all_for_one_and_for_a_kind)
{
        struct report *report = sample_report();
        struct policy policy = plain;

        policy.blocks.all = (struct gate_limit){ true, 16 };
        policy.leak_bytes.all = (struct gate_limit){ true, 4196 };
        policy.leak_blocks.all = (struct gate_limit){ true, 12 };
        policy.bytes.kinds[KIND_CYCLE] = (struct gate_limit){ true, 128 };
        ck_assert_int_eq(judged(report, &policy), GATE_PASS);
        ck_assert_uint_eq(report->gate.rule_count, 4);
        policy.bytes.kinds[KIND_CYCLE].value--;
        ck_assert_int_eq(judged(report, &policy), GATE_FAIL);
        policy.bytes.kinds[KIND_CYCLE].value++;
        policy.leak_blocks.all.value--;
        ck_assert_int_eq(judged(report, &policy), GATE_FAIL);
        report_destroy(report);
}
END_TEST

START_TEST(reachable_blocks_count_though_none_is_listed)
{
        struct report *report = sample_report();
        struct policy policy = plain;

        policy.fail_on = 1u << KIND_REACHABLE;
        ck_assert_int_eq(judged(report, &policy), GATE_FAIL);
        ck_assert_uint_eq(report->gate.rules[0].value, 3);
        policy.leak_bytes.all = (struct gate_limit){ true, 299 };
        ck_assert_int_eq(judged(report, &policy), GATE_FAIL);
        policy.leak_bytes.all.value++;
        ck_assert_int_eq(judged(report, &policy), GATE_PASS);
        report_destroy(report);
}
END_TEST

START_TEST(a_kind_may_have_limits_of_its_own)
{
        struct report *report = sample_report();
        struct policy policy = plain;

        /* Of a kind that the gate does not fail on; the others' rules stay. */
        policy.bytes.kinds[KIND_POSSIBLE] = (struct gate_limit){ true, 49 };
        policy.fail_on = 1u << KIND_UNKNOWN;
        ck_assert_int_eq(judged(report, &policy), GATE_FAIL);
        ck_assert_uint_eq(report->gate.rule_count, 2);
        ck_assert_str_eq(report->gate.rules[0].rule, "unknown blocks");
        ck_assert(report->gate.rules[0].pass);
        ck_assert_str_eq(report->gate.rules[1].rule, "max-bytes possible");
        ck_assert_uint_eq(report->gate.rules[1].value, 50);
        ck_assert_uint_eq(failing(report), 1);
        policy.bytes.kinds[KIND_POSSIBLE].value = 50;
        ck_assert_int_eq(judged(report, &policy), GATE_PASS);
        policy.leak_blocks.kinds[KIND_CYCLE] = (struct gate_limit){ true, 3 };
        ck_assert_int_eq(judged(report, &policy), GATE_FAIL);
        ck_assert_str_eq(report->gate.rules[2].rule, "max-leak-blocks cycle");
        policy.leak_blocks.kinds[KIND_CYCLE].value = 4;
        policy.blocks.kinds[KIND_DEFINITE] = (struct gate_limit){ true, 12 };
        ck_assert_int_eq(judged(report, &policy), GATE_PASS);
        report_destroy(report);
}
END_TEST

START_TEST(unused_suppressions_fail_when_strict)
{
        struct report *report = clean();
        struct policy policy = plain;

        policy.strict_suppressions = true;
        ck_assert_int_eq(judged(report, &policy), GATE_FAIL);
        ck_assert_str_eq(report->gate.rules[2].rule, "unused suppressions");
        report->suppression_count = 1;
        ck_assert_int_eq(judged(report, &policy), GATE_PASS);
        report->suppressions[0].expired = true;
        ck_assert_int_eq(judged(report, &policy), GATE_FAIL);
        ck_assert_str_eq(report->gate.rules[3].rule, "expired suppressions");
        report_destroy(report);
}
END_TEST

/* ---- incomplete evidence -------------------------------------------------- */

static void lose_process(struct report *report)
{
        report->processes[1].complete = false;
}

static void lose_events(struct report *report)
{
        report->summary.totals.events_lost = 1;
}

static void lose_completeness(struct report *report)
{
        report->complete = false;
}

static void give_reason(struct report *report)
{
        SAMPLE_LIST(report, report->incomplete, report->incomplete_count, { { 0, "x" } });
}

static void lose_reachability(struct report *report)
{
        report->summary.kinds[KIND_UNKNOWN].blocks = 1;
}

static void lose_all(struct report *report)
{
        report->process_count = 0;
}

static void (*const losses[])(struct report *) = {
        lose_process, lose_events, lose_completeness, give_reason, lose_reachability, lose_all,
};

START_TEST(it_never_passes_on_incomplete_evidence)
{
        for (size_t i = 0; i < sizeof losses / sizeof losses[0]; i++) {
                struct report *report = clean(), *failing = sample_report();

                losses[i](report);
                ck_assert_int_eq(judged(report, &plain), GATE_INCOMPLETE);
                ck_assert_int_eq(gate_exit_status(report, 0), 24);
                losses[i](failing);
                ck_assert_int_eq(judged(failing, &plain), GATE_FAIL);
                report_destroy(report);
                report_destroy(failing);
        }
}
END_TEST

START_TEST(sums_do_not_wrap)
{
        struct report *report = sample_report();
        struct policy policy = plain;

        report->leaks[0].bytes = report->leaks[1].bytes = UINT64_MAX;
        policy.bytes.all = (struct gate_limit){ true, 1000 };
        ck_assert_int_eq(judged(report, &policy), GATE_FAIL);
        report_destroy(report);
}
END_TEST

START_TEST(no_memory_is_an_error)
{
        struct report *report = report_create();
        struct error e = { 0 };

        mem_fail_after(1);
        ck_assert_int_eq(gate_judge(report, &plain, &e), -1);
        mem_fail_after(0);
        ck_assert_int_eq(e.code, ERROR_NO_MEMORY);
        ck_assert_int_ne(report->gate.status, GATE_PASS);
        report_destroy(report);
}
END_TEST

START_TEST(kinds_are_read)
{
        uint32_t mask = 7;

        ck_assert_ptr_null(kinds_parse("definite,cycle", &mask));
        ck_assert_uint_eq(mask, KINDS_GATE);
        ck_assert_ptr_null(kinds_parse("all", &mask));
        ck_assert_uint_eq(mask, KINDS_ALL);
        ck_assert_str_eq(kinds_parse("definite,lost,x", &mask), "lost,x");
        ck_assert_str_eq(kinds_parse("", &mask), "");
        ck_assert_str_eq(kinds_parse("cycle,", &mask), "");
        ck_assert_uint_eq(mask, KINDS_ALL);
}
END_TEST

SUITE_MAIN("gate", without_a_question_there_is_no_gate, leaks_fail_it, the_leaks_that_fail_it_are_told, a_clean_and_complete_report_passes,
           known_and_suppressed_leaks_do_not_count, kinds_choose_what_counts, a_leak_weighs_what_it_holds,
           limits_hold_for_all_for_one_and_for_a_kind, reachable_blocks_count_though_none_is_listed, a_kind_may_have_limits_of_its_own, unused_suppressions_fail_when_strict,
           it_never_passes_on_incomplete_evidence, sums_do_not_wrap, no_memory_is_an_error, kinds_are_read)
