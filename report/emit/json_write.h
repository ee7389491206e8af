/*
 * json_write.h: the report as JSON, `weir-report/1`: DESIGN.md section 6, field
 * by field and in that order.  Every key is always there; what is absent is
 * null, an empty list, or 0.  Equal reports give equal bytes.
 */
#ifndef WEIR_JSON_WRITE_H
#define WEIR_JSON_WRITE_H

#include "report.h"

#include <stdio.h>

/* Writes all of it; errors stay with the stream (ferror, fflush). */
void json_write(const struct report *report, FILE *out);

#endif
