/*
 * shortcomings.h: everything that a run could not see or lost, as the
 * report's incomplete[] and diagnostics[].  A report is complete only when
 * nothing is in incomplete[].
 */
#ifndef WEIR_SHORTCOMINGS_H
#define WEIR_SHORTCOMINGS_H

#include "../collect/collector.h"
#include "../emit/report.h"
#include "../error.h"
#include "../symbols/symbols.h"

/* Fills complete, incomplete, diagnostics, and `complete` of each process of
 * the report, whose processes are those of the run in the same order. */
int shortcomings(struct report *report, const struct collector_result *run, struct symbols *symbols, struct error *e);

#endif
