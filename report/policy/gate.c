#include "gate.h"

#include "kinds.h"

#include <string.h>

enum { RULES_MOST = 5 + 2 * KIND_COUNT };

/* What the counted leaks come to. */
struct tally {
        struct report_kind all, kinds[KIND_COUNT];
        uint64_t most_bytes, most_blocks; /* of one leak */
};

static uint64_t greater(uint64_t a, uint64_t b)
{
        return a > b ? a : b;
}

static uint64_t sum(uint64_t a, uint64_t b)
{
        return a > UINT64_MAX - b ? UINT64_MAX : a + b;
}

static void add(struct report_kind *to, uint64_t blocks, uint64_t bytes)
{
        to->groups++;
        to->blocks = sum(to->blocks, blocks);
        to->bytes = sum(to->bytes, bytes);
}

static bool is_counted(const struct report_leak *leak, uint32_t kinds)
{
        return leak->status == LEAK_NEW && kinds & 1u << leak->kind;
}

/* What a leak weighs: one group of so many blocks and bytes. */
static struct report_kind weight(const struct report_leak *leak, uint32_t kinds)
{
        bool whole = !(kinds & 1u << KIND_INDIRECT);

        return (struct report_kind){
                .groups = 1,
                .blocks = whole ? greater(leak->blocks, leak->exclusive_blocks) : leak->blocks,
                .bytes = whole ? greater(leak->bytes, leak->exclusive_bytes) : leak->bytes,
        };
}

static struct tally tally(const struct report *report, uint32_t kinds)
{
        struct tally tally = { 0 };

        for (size_t i = 0; i < report->leak_count; i++) {
                const struct report_leak *leak = &report->leaks[i];
                const struct report_kind w = weight(leak, kinds);

                if (!is_counted(leak, kinds))
                        continue;
                add(&tally.all, w.blocks, w.bytes);
                add(&tally.kinds[leak->kind], w.blocks, w.bytes);
                tally.most_bytes = greater(tally.most_bytes, w.bytes);
                tally.most_blocks = greater(tally.most_blocks, w.blocks);
        }
        return tally;
}

/* ---- rules ---------------------------------------------------------------- */

static void add_rule(struct report *report, const char *name, uint64_t limit, uint64_t value)
{
        report->gate.rules[report->gate.rule_count++] =
                (struct report_rule){ .rule = name, .limit = limit, .value = value, .pass = value <= limit };
}

static void add_limit(struct report *report, const char *name, const struct gate_limit *limit, uint64_t value)
{
        if (limit->given)
                add_rule(report, name, limit->value, value);
}

static bool has_limits(const struct policy *policy)
{
        return policy->bytes.given || policy->blocks.given || policy->leak_bytes.given || policy->leak_blocks.given;
}

/* Rules of each kind: its own limit, or none may be when there is no other. */
static int judge_kinds(struct report *report, const struct policy *policy, const struct tally *tally)
{
        bool limited = has_limits(policy);

        for (int i = 0; i < KIND_COUNT; i++) {
                const char *name;

                if (policy->kind_bytes[i].given) {
                        name = report_format(report, "max-bytes %s", kind_name((enum kind)i));
                        if (!name)
                                return -1;
                        add_rule(report, name, policy->kind_bytes[i].value, tally->kinds[i].bytes);
                } else if (!limited && policy->fail_on & 1u << i) {
                        name = report_format(report, "%s blocks", kind_name((enum kind)i));
                        if (!name)
                                return -1;
                        add_rule(report, name, 0, tally->kinds[i].blocks);
                }
        }
        return 0;
}

static uint64_t unused_suppressions(const struct report *report)
{
        uint64_t unused = 0;

        for (size_t i = 0; i < report->suppression_count; i++)
                unused += report->suppressions[i].file && !report->suppressions[i].blocks;
        return unused;
}

static int judge_rules(struct report *report, const struct policy *policy, const struct tally *tally)
{
        if (judge_kinds(report, policy, tally))
                return -1;
        add_limit(report, "max-bytes", &policy->bytes, tally->all.bytes);
        add_limit(report, "max-blocks", &policy->blocks, tally->all.blocks);
        add_limit(report, "max-leak-bytes", &policy->leak_bytes, tally->most_bytes);
        add_limit(report, "max-leak-blocks", &policy->leak_blocks, tally->most_blocks);
        if (policy->strict_suppressions)
                add_rule(report, "unused suppressions", 0, unused_suppressions(report));
        return 0;
}

/* ---- leaks ---------------------------------------------------------------- */

static bool exceeds(const struct gate_limit *limit, uint64_t value)
{
        return limit->given && value > limit->value;
}

/* Whether a rule that counted the leak failed. */
static bool fails(const struct report_leak *leak, const struct policy *policy, const struct tally *tally)
{
        const struct report_kind w = weight(leak, policy->fail_on);
        const struct gate_limit *of_kind = &policy->kind_bytes[leak->kind];

        if (!is_counted(leak, policy->fail_on))
                return false;
        if (!of_kind->given && !has_limits(policy))
                return true;
        return exceeds(of_kind, tally->kinds[leak->kind].bytes) || exceeds(&policy->bytes, tally->all.bytes) ||
               exceeds(&policy->blocks, tally->all.blocks) || exceeds(&policy->leak_bytes, w.bytes) ||
               exceeds(&policy->leak_blocks, w.blocks);
}

/* ---- verdict -------------------------------------------------------------- */

static bool evidence_is_complete(const struct report *report)
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
        return evidence_is_complete(report) ? GATE_PASS : GATE_INCOMPLETE;
}

int gate_judge(struct report *report, const struct policy *policy, struct error *e)
{
        struct tally counted;

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
        counted = tally(report, policy->fail_on);
        if (judge_rules(report, policy, &counted))
                return error_no_memory(e, "judging the report");
        for (size_t i = 0; i < report->leak_count; i++)
                report->leaks[i].fails_gate = fails(&report->leaks[i], policy, &counted);
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
