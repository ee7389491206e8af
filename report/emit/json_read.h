/*
 * json_read.h: a report back from its JSON.  The file is not trusted: every
 * value is checked for type and range, and the sums of the summary against
 * the list of leaks, so that a damaged file is never taken for a clean one.
 *
 * Errors are ERROR_BAD_INPUT and name the file, the place in it and what was expected there:
 *     a.json: leaks[3].stack[0].line: expected an integer from 0 to 4294967295, found "12"
 * What a later weir added is passed over; a later version of the format is
 * refused.
 */
#ifndef WEIR_JSON_READ_H
#define WEIR_JSON_READ_H

#include "../error.h"
#include "report.h"

#include <stddef.h>

/* Reads the report in a file ("-" = standard input).  NULL with an error. */
struct report *json_read(const char *path, struct error *e);

/* Reads it from memory; `name` is what errors call it. */
struct report *json_read_text(const char *text, size_t length, const char *name, struct error *e);

#endif
