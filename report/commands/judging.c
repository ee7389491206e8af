#include "judging.h"

#include "policy/gate.h"

int judging_rules(const struct shared_policy *policy, struct suppressions *to, struct error *e)
{
        for (size_t i = 0; i < policy->suppressions.count; i++)
                if (suppressions_read(to, policy->suppressions.items[i], e))
                        return -1;
        return suppressions_add_built_in(to, e);
}

static int load_files(struct judging *judging, struct error *e)
{
        const struct shared_policy *policy = judging->policy;

        if (judging_rules(policy, &judging->suppressions, e))
                return -1;
        if (policy->baseline && baseline_read(&judging->baseline, policy->baseline, e))
                return error_prefix(e, "baseline");
        return 0;
}

int judging_load(struct judging *judging, const struct shared_policy *policy, struct error *e)
{
        *judging = (struct judging){ .policy = policy };
        return load_files(judging, e);
}

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

        if (suppressions_apply(&judging->suppressions, report, e))
                return -1;
        if (judging->policy->baseline && baseline_apply(&judging->baseline, report, 0, e))
                return -1;
        return gate_judge(report, &policy, e);
}

int judging_status(const struct report *report)
{
        return gate_exit_status(report, 0);
}

void judging_deinit(struct judging *judging)
{
        suppressions_deinit(&judging->suppressions);
        baseline_deinit(&judging->baseline);
        *judging = (struct judging){ 0 };
}
