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
};

int judging_load(struct judging *judging, const struct shared_policy *policy, struct error *e);
int judging_apply(struct judging *judging, struct report *report, struct error *e);
int judging_status(const struct report *report);
void judging_deinit(struct judging *judging);

#endif
