/*
 * printing.h: a report in the form that the output options ask for.
 */
#ifndef WEIR_PRINTING_H
#define WEIR_PRINTING_H

#include "emit/report.h"
#include "error.h"
#include "shared.h"

#include <stdio.h>

/* Prints the report: in the form asked for, else JSON into a file that was
 * named and text elsewhere.  --quiet leaves out the text of a report that failed no gate.  Write
 * errors stay with the stream.  0, or -1 with an error. */
int printing_report(const struct report *report, const struct shared_output *options, FILE *out, struct error *e);

#endif
