/*
 * step_summary.h: the page that GitHub Actions shows of a step.
 */
#ifndef WEIR_STEP_SUMMARY_H
#define WEIR_STEP_SUMMARY_H

#include "emit/format.h"
#include "error.h"

enum { STEP_SUMMARY_MOST = 1 << 20 }; /* bytes; of a larger file GitHub takes nothing */

/* Appends the report as Markdown to the file that GITHUB_STEP_SUMMARY names,
 * with as many leaks as fit; without such a variable nothing happens.  0, or -1 with
 * the file as it was. */
int step_summary(const struct report *report, const struct format_options *options, struct error *e);

#endif
