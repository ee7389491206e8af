/*
 * printing.h: a report in the form that the output options ask for.
 */
#ifndef WEIR_PRINTING_H
#define WEIR_PRINTING_H

#include "emit/report.h"
#include "error.h"
#include "shared.h"

#include <stdio.h>

int printing_report(const struct report *report, const struct shared_output *options, FILE *out, struct error *e);

#endif
