/*
 * judging.h: what `run` and `gate` do with a report and the policy options:
 * suppress, compare with the baseline, judge; and what they write for the next
 * time, a baseline and suppressions.
 */
#ifndef WEIR_JUDGING_H
#define WEIR_JUDGING_H

#include "emit/report.h"
#include "error.h"
#include "policy/baseline.h"
#include "policy/suppress.h"
#include "printing.h"
#include "shared.h"

#include <stdbool.h>
#include <stdio.h>

struct judging {
        const struct shared_policy *policy;
        struct suppressions suppressions;
        struct scope scope;
        struct baseline baseline;  /* where policy->baseline is not NULL */
        enum rule_form form;       /* of --gen-suppressions */
        const char *rules;         /* its FILE; NULL = in place of the report */
};

/* Reads the files that the options name and tries those that are to be
 * written, before anything runs.  0, or -1 with an error; release it with
 * judging_deinit either way. */
int judging_load(struct judging *judging, const struct shared_policy *policy, struct error *e);

/* Adds the suppressions that the options name, and the built-in ones.  0, or -1
 * with an error. */
int judging_rules(const struct shared_policy *policy, struct suppressions *to, struct error *e);

/* Does it all to the report, and writes the baseline where that is asked for
 * and the evidence is complete.  What an earlier judgement left in a stored report
 * is forgotten first.  0, or -1. */
int judging_apply(struct judging *judging, struct report *report, struct error *e);

/* Prints the report in its forms, with rules for what was found where they are asked for: to
 * their file, or in place of the main form.  0, or -1. */
int judging_print(const struct judging *judging, struct printing *printing, const struct report *report, int32_t pid,
                  struct error *e);

/* 0, 23 or 24. */
int judging_status(const struct report *report);

void judging_deinit(struct judging *judging);

#endif
