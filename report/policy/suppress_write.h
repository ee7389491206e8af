/*
 * suppress_write.h: rules for what a report found, ready for a file of
 * suppressions, in the syntax of weir, of Valgrind or of LeakSanitizer.
 */
#ifndef WEIR_SUPPRESS_WRITE_H
#define WEIR_SUPPRESS_WRITE_H

#include "../emit/report.h"
#include "../error.h"
#include "suppress.h"

#include <stdint.h>
#include <stdio.h>

/* Prints a rule for each leak of these kinds (a mask of 1 << enum kind) that is
 * not suppressed and that no rule printed before matches.  Leaks that others hold
 * go along with those, so they get rules only where their owners get none.
 * What cannot be said in the syntax is told in a comment.  Write errors stay
 * with the stream; 0, or -1 without memory. */
int suppressions_write(const struct report *report, uint32_t kinds, enum rule_form form, FILE *out, struct error *e);

#endif
