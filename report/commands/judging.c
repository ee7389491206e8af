#include "judging.h"

#include "policy/gate.h"

int judging_load(struct judging *judging, const struct shared_policy *policy, struct error *e)
{
        (void)e;
        *judging = (struct judging){ .policy = policy };
        return 0;
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

        return gate_judge(report, &policy, e);
}

int judging_status(const struct report *report)
{
        return gate_exit_status(report, 0);
}

void judging_deinit(struct judging *judging)
{
        *judging = (struct judging){ 0 };
}
