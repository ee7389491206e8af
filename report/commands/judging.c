#include "judging.h"

#include "emit/json_read.h"
#include "policy/gate.h"

#include <string.h>

int judging_load(struct judging *judging, const struct shared_policy *policy, struct error *e)
{
        *judging = (struct judging){ .policy = policy };
        if (!policy->baseline)
                return 0;
        judging->baseline = json_read(policy->baseline, e);
        return judging->baseline ? 0 : error_prefix(e, "baseline");
}

/* ---- baseline --------------------------------------------------------------- */

static bool counts(const struct report_leak *leak)
{
        return leak->kind != KIND_REACHABLE && leak->kind != KIND_INDIRECT && leak->status != LEAK_SUPPRESSED;
}

static bool has_leak(const struct report *report, const char *id)
{
        for (size_t i = 0; i < report->leak_count; i++)
                if (counts(&report->leaks[i]) && !strcmp(report->leaks[i].id, id))
                        return true;
        return false;
}

static void compare(struct report *report, const struct report *baseline)
{
        uint64_t known = 0, new = 0, gone = 0;

        for (size_t i = 0; i < report->leak_count; i++) {
                struct report_leak *leak = &report->leaks[i];

                if (!counts(leak))
                        continue;
                leak->status = has_leak(baseline, leak->id) ? LEAK_KNOWN : LEAK_NEW;
                known += leak->status == LEAK_KNOWN;
                new += leak->status == LEAK_NEW;
        }
        for (size_t i = 0; i < baseline->leak_count; i++)
                gone += counts(&baseline->leaks[i]) && !has_leak(report, baseline->leaks[i].id);
        report->gate.has_baseline = true;
        report->gate.baseline_known = known;
        report->gate.baseline_new = new;
        report->gate.baseline_gone = gone;
}

/* ---- the verdict ------------------------------------------------------------ */

static struct gate_limit limit_of(const struct option_size *size)
{
        return (struct gate_limit){ .given = size->given, .value = size->value };
}

int judging_apply(struct judging *judging, struct report *report, struct error *e)
{
        const struct policy policy = {
                .asked = shared_policy_asks(judging->policy),
                .fail_on = shared_policy_kinds(judging->policy),
                .bytes = limit_of(&judging->policy->max_bytes),
        };

        if (judging->baseline)
                compare(report, judging->baseline);
        return gate_judge(report, &policy, e);
}

int judging_status(const struct report *report)
{
        return gate_exit_status(report, 0);
}

void judging_deinit(struct judging *judging)
{
        report_destroy(judging->baseline);
        *judging = (struct judging){ 0 };
}
