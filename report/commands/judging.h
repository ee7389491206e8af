/*
 * judging.h: what `run` and `gate` do with a report and the policy options.
 */
#ifndef WEIR_JUDGING_H
#define WEIR_JUDGING_H

#include "emit/report.h"
#include "error.h"
#include "shared.h"

struct judging {
        const struct shared_policy *policy;
        struct report *baseline; /* NULL: none was given */
};

/* Reads every file that the policy names, so that a bad one is known before
 * anything runs.  0, or -1; to be deinitialised in both cases. */
int judging_load(struct judging *judging, const struct shared_policy *policy, struct error *e);

/* Says of each leak whether it is new, and of the report whether it passes. */
int judging_apply(struct judging *judging, struct report *report, struct error *e);

/* The exit status of the verdict: 0, 23 or 24. */
int judging_status(const struct report *report);

void judging_deinit(struct judging *judging);

#endif
