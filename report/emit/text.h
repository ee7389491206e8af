/*
 * text.h: the report for a person.  Leaks in order of weight; then processes
 * (when there are several or one went wrong), rules, whatever is incomplete,
 * the totals; and as the last line the verdict.  Leaks are cut off at the
 * limit, and that is said; the JSON has them all.
 */
#ifndef WEIR_TEXT_H
#define WEIR_TEXT_H

#include "format.h"
#include "ink.h"

void text_write(const struct report *report, const struct format_options *options, FILE *out);

/* Parts of it, which other commands print as well. */

/* One leak: headline, what is to be known about it, stack, cycle.  `number`
 * is its place in the list, 0 = none. */
void text_leak(const struct ink *ink, const struct report *report, const struct report_leak *leak, size_t number);
/* A cycle: how many blocks and pointers, a way round, where to break it. */
void text_cycle(const struct ink *ink, const struct report_cycle *cycle);
/* What keeps the memory, of every process; at most `limit` entries of a list,
 * 0 = all. */
void text_retained(const struct ink *ink, const struct report *report, size_t limit);
/* Everything after the leaks. */
void text_summary(const struct ink *ink, const struct report *report);
/* The baseline, the gate's rules, and what to do where it did not pass. */
void text_gate(const struct ink *ink, const struct report *report);
/* "2 leaks, 4,324 bytes in 16 blocks lost; the gate FAILED": nothing foreign in it. */
void text_conclusion(const struct ink *ink, const struct report *report);
/* The last line, which says that. */
void text_verdict(const struct ink *ink, const struct report *report);

#endif
