#include "command.h"

#include "judging.h"
#include "loading.h"
#include "printing.h"
#include "shared.h"

struct gate_options {
        struct shared_policy policy;
        struct shared_output output;
};

static const struct option_group groups[] = {
        { "Gate", shared_policy_specs, SHARED_POLICY_COUNT, offsetof(struct gate_options, policy) },
        { "Report", shared_output_specs, SHARED_OUTPUT_COUNT, offsetof(struct gate_options, output) },
};

/* There is no `weir gate` without a gate. */
static int defaults(void *options, struct error *e)
{
        struct gate_options *gate_options = options;

        (void)e;
        shared_output_defaults(&gate_options->output);
        gate_options->policy.gate = true;
        return 0;
}

static int print(const struct judging *judging, const struct report *report, const struct shared_output *options,
                 struct error *e)
{
        struct printing printing;
        int result = printing_open(&printing, options, stdout, e);

        if (!result)
                result = judging_print(judging, &printing, report, 0, e);
        printing_close(&printing);
        return result;
}

static int judge(const struct gate_options *options, struct report *report, struct error *e)
{
        struct judging judging = { 0 };
        int status = -1;

        if (!judging_load(&judging, &options->policy, e) && !judging_apply(&judging, report, e) &&
            !print(&judging, report, &options->output, e))
                status = judging_status(report);
        judging_deinit(&judging);
        return status;
}

static int run(void *options, int argc, char **argv, struct error *e)
{
        const struct gate_options *gate_options = options;
        struct shared_output wanted = gate_options->output;
        struct report *report;
        int status;

        if (argc != 1)
                return error_set(e, ERROR_USAGE, "one report to judge is wanted: weir gate [options] FILE");
        wanted.kinds |= shared_policy_kinds(&gate_options->policy);
        report = loading_for(argv[0], &wanted, true, e);
        if (!report)
                return -1;
        status = judge(gate_options, report, e);
        report_destroy(report);
        return status;
}

const struct command command_gate = {
        .name = "gate",
        .arguments = "FILE",
        .summary = "judge a stored report: exit 0, 23 (failed) or 24 (incomplete)",
        .description = "Judges a report or a capture of 'weir run' by any policy, running nothing.\n"
                       "Without options it fails on definite leaks and cycles.\n",
        .groups = groups,
        .group_count = sizeof groups / sizeof groups[0],
        .options_size = sizeof(struct gate_options),
        .defaults = defaults,
        .run = run,
};
