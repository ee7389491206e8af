/*
 * judging.h: what `run` and `gate` do with a report and the policy options:
 * suppress, compare with the baseline, judge.
 */
#ifndef WEIR_JUDGING_H
#define WEIR_JUDGING_H

#include "emit/report.h"
#include "error.h"
#include "policy/baseline.h"
#include "policy/suppress.h"
#include "shared.h"

struct judging {
        const struct shared_policy *policy;
        struct suppressions suppressions;
        struct baseline baseline; /* where policy->baseline is not NULL */
};

/* Reads the files that the options name, before anything runs.  0, or -1 with
 * an error; release it with judging_deinit either way. */
int judging_load(struct judging *judging, const struct shared_policy *policy, struct error *e);

/* Adds the suppressions that the options name, and the built-in ones.  0, or -1 with an error. */
int judging_rules(const struct shared_policy *policy, struct suppressions *to, struct error *e);

/* Does it all to the report.  0, or -1 without memory. */
int judging_apply(struct judging *judging, struct report *report, struct error *e);

/* 0, 23 or 24. */
int judging_status(const struct report *report);

void judging_deinit(struct judging *judging);

#endif
