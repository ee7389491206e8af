#include "gate.h"

#include "../emit/kinds.h"

#include <string.h>

enum { MEASURES = 4, RULES_MOST = KIND_COUNT + MEASURES * (1 + KIND_COUNT) + 2 };

/* What the counted leaks come to, together and the most of one. */
struct tally {
        struct report_kind sum, most;
};

struct tallies {
        struct tally all; /* of the kinds that the gate fails on */
        struct tally kinds[KIND_COUNT];
};

static uint64_t greater(uint64_t a, uint64_t b)
{
        return a > b ? a : b;
}

static uint64_t sum(uint64_t a, uint64_t b)
{
        return a > UINT64_MAX - b ? UINT64_MAX : a + b;
}

static void add(struct tally *to, uint64_t blocks, uint64_t bytes)
{
        to->sum.groups++;
        to->sum.blocks = sum(to->sum.blocks, blocks);
        to->sum.bytes = sum(to->sum.bytes, bytes);
        to->most.blocks = greater(to->most.blocks, blocks);
        to->most.bytes = greater(to->most.bytes, bytes);
}

/* What a leak weighs. */
static struct tally weight(const struct report_leak *leak, uint32_t fail_on)
{
        bool whole = !(fail_on & 1u << KIND_INDIRECT);
        struct tally tally = { 0 };

        add(&tally, whole ? greater(leak->blocks, leak->exclusive_blocks) : leak->blocks,
            whole ? greater(leak->bytes, leak->exclusive_bytes) : leak->bytes);
        return tally;
}

static struct tallies tally(const struct report *report, uint32_t fail_on)
{
        const struct report_kind *reachable = &report->summary.kinds[KIND_REACHABLE];
        struct tallies tallies = { 0 };

        for (size_t i = 0; i < report->leak_count; i++) {
                const struct report_leak *leak = &report->leaks[i];
                const struct tally one = weight(leak, fail_on);

                if (leak->status != LEAK_NEW)
                        continue;
                add(&tallies.kinds[leak->kind], one.sum.blocks, one.sum.bytes);
                if (fail_on & 1u << leak->kind)
                        add(&tallies.all, one.sum.blocks, one.sum.bytes);
        }
        if (reachable->groups || !reachable->blocks)
                return tallies;
        /* They are not listed, so they are judged as one leak. */
        add(&tallies.kinds[KIND_REACHABLE], reachable->blocks, reachable->bytes);
        if (fail_on & 1u << KIND_REACHABLE)
                add(&tallies.all, reachable->blocks, reachable->bytes);
        return tallies;
}

/* ---- rules ---------------------------------------------------------------- */

static void add_rule(struct report *report, const char *name, uint64_t limit, uint64_t value)
{
        report->gate.rules[report->gate.rule_count++] =
                (struct report_rule){ .rule = name, .limit = limit, .value = value, .pass = value <= limit };
}

/* One measure of the leaks, and the limits to it. */
struct measure {
        const char *name;
        const struct gate_limits *limits;
        uint64_t (*of)(const struct tally *tally);
        bool of_one; /* the most of any one leak */
};

static uint64_t sum_bytes(const struct tally *tally)
{
        return tally->sum.bytes;
}

static uint64_t sum_blocks(const struct tally *tally)
{
        return tally->sum.blocks;
}

static uint64_t most_bytes(const struct tally *tally)
{
        return tally->most.bytes;
}

static uint64_t most_blocks(const struct tally *tally)
{
        return tally->most.blocks;
}

static bool kind_is_limited(const struct measure *measures, int kind)
{
        for (int i = 0; i < MEASURES; i++)
                if (measures[i].limits->all.given || measures[i].limits->kinds[kind].given)
                        return true;
        return false;
}

/* A kind that no limit is about must not be there at all. */
static int judge_kinds(struct report *report, uint32_t fail_on, const struct measure *measures,
                       const struct tallies *tallies)
{
        for (int i = 0; i < KIND_COUNT; i++) {
                const char *name;

                if (!(fail_on & 1u << i) || kind_is_limited(measures, i))
                        continue;
                name = report_format(report, "%s blocks", kind_name((enum kind)i));
                if (!name)
                        return -1;
                add_rule(report, name, 0, tallies->kinds[i].sum.blocks);
        }
        return 0;
}

static int judge_measure(struct report *report, const struct measure *measure, const struct tallies *tallies)
{
        if (measure->limits->all.given)
                add_rule(report, measure->name, measure->limits->all.value, measure->of(&tallies->all));
        for (int i = 0; i < KIND_COUNT; i++) {
                const char *name;

                if (!measure->limits->kinds[i].given)
                        continue;
                name = report_format(report, "%s %s", measure->name, kind_name((enum kind)i));
                if (!name)
                        return -1;
                add_rule(report, name, measure->limits->kinds[i].value, measure->of(&tallies->kinds[i]));
        }
        return 0;
}

static uint64_t count_suppressions(const struct report *report, bool expired)
{
        uint64_t count = 0;

        for (size_t i = 0; i < report->suppression_count; i++) {
                const struct report_suppression *rule = &report->suppressions[i];

                count += rule->file && rule->expired == expired && (expired || !rule->blocks);
        }
        return count;
}

static int judge_rules(struct report *report, const struct policy *policy, const struct measure *measures,
                       const struct tallies *tallies)
{
        if (judge_kinds(report, policy->fail_on, measures, tallies))
                return -1;
        for (int i = 0; i < MEASURES; i++)
                if (judge_measure(report, &measures[i], tallies))
                        return -1;
        if (policy->strict_suppressions) {
                add_rule(report, "unused suppressions", 0, count_suppressions(report, false));
                add_rule(report, "expired suppressions", 0, count_suppressions(report, true));
        }
        return 0;
}

/* ---- leaks ---------------------------------------------------------------- */

static bool exceeds(const struct gate_limit *limit, uint64_t value)
{
        return limit->given && value > limit->value;
}

/* Whether a rule that counted the leak failed. */
static bool fails(const struct report_leak *leak, uint32_t fail_on, const struct measure *measures,
                  const struct tallies *tallies)
{
        const struct tally one = weight(leak, fail_on);
        bool counted = fail_on & 1u << leak->kind;

        if (leak->status != LEAK_NEW)
                return false;
        if (!kind_is_limited(measures, leak->kind))
                return counted;
        for (int i = 0; i < MEASURES; i++) {
                const struct measure *m = &measures[i];

                if (counted && exceeds(&m->limits->all, m->of(m->of_one ? &one : &tallies->all)))
                        return true;
                if (exceeds(&m->limits->kinds[leak->kind], m->of(m->of_one ? &one : &tallies->kinds[leak->kind])))
                        return true;
        }
        return false;
}

/* ---- verdict -------------------------------------------------------------- */

bool gate_evidence_is_complete(const struct report *report)
{
        if (!report->complete || report->incomplete_count || report->summary.totals.events_lost ||
            report->summary.kinds[KIND_UNKNOWN].blocks)
                return false;
        for (size_t i = 0; i < report->process_count; i++)
                if (!report->processes[i].complete)
                        return false;
        return report->process_count > 0;
}

static enum gate_status verdict(const struct report *report)
{
        for (size_t i = 0; i < report->gate.rule_count; i++)
                if (!report->gate.rules[i].pass)
                        return GATE_FAIL;
        return gate_evidence_is_complete(report) ? GATE_PASS : GATE_INCOMPLETE;
}

int gate_judge(struct report *report, const struct policy *policy, struct error *e)
{
        const struct measure measures[MEASURES] = {
                { "max-bytes", &policy->bytes, sum_bytes, false },
                { "max-blocks", &policy->blocks, sum_blocks, false },
                { "max-leak-bytes", &policy->leak_bytes, most_bytes, true },
                { "max-leak-blocks", &policy->leak_blocks, most_blocks, true },
        };
        const struct tallies tallies = tally(report, policy->fail_on);

        report->gate.status = GATE_OFF;
        report->gate.rules = NULL;
        report->gate.rule_count = 0;
        for (size_t i = 0; i < report->leak_count; i++)
                report->leaks[i].fails_gate = false;
        if (!policy->asked)
                return 0;
        report->gate.rules = report_array(report, RULES_MOST, sizeof *report->gate.rules);
        if (!report->gate.rules)
                return error_no_memory(e, "judging the report");
        if (judge_rules(report, policy, measures, &tallies))
                return error_no_memory(e, "judging the report");
        for (size_t i = 0; i < report->leak_count; i++)
                report->leaks[i].fails_gate = fails(&report->leaks[i], policy->fail_on, measures, &tallies);
        report->gate.status = verdict(report);
        return 0;
}

int gate_exit_status(const struct report *report, int own)
{
        switch (report->gate.status) {
        case GATE_FAIL:
                return GATE_EXIT_FAIL;
        case GATE_INCOMPLETE:
                return GATE_EXIT_INCOMPLETE;
        default:
                return own;
        }
}
