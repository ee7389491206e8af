/*
 * words.h: what every form says of a leak in the same words, escaped for the
 * form.
 */
#ifndef WEIR_WORDS_H
#define WEIR_WORDS_H

#include "escape.h"
#include "format.h"

/* "definitely lost": what follows "96 bytes in 2 blocks". */
const char *words_kind(enum kind kind);

/* "96 bytes in 2 blocks definitely lost, with what it alone holds 4,196 bytes in 12 blocks" */
void words_leak(const struct escape *to, const struct report_leak *leak);

/* "src/list.c:42", relative where below the root; else "libfoo.so.1+0x99f0"; nothing for a
 * frame without a place. */
void words_place(const struct escape *to, const struct report_frame *frame, const struct format_options *options);

/* "list_push (src/list.c:42)" of the leak's own frame. */
void words_site(const struct escape *to, const struct report_leak *leak, const struct format_options *options);

/* Lines: type, processes, owners, weak link, the rule that suppressed it; then the stack, innermost
 * first, and the cycle. */
void words_details(const struct escape *to, const struct report_leak *leak, const struct format_options *options);

/* Lines: why the report is incomplete; nothing when it is complete. */
void words_incomplete(const struct escape *to, const struct report *report);

/* Lines: each rule of the gate, and the baseline's numbers. */
void words_rules(const struct escape *to, const struct report *report);

/* "2 leaks, 4,324 bytes in 16 blocks lost; the gate FAILED" */
void words_verdict(const struct escape *to, const struct report *report);

/* How much a leak matters. */
enum words_level {
        LEVEL_NOTE,    /* suppressed, known, or of a kind that is listed only when asked for */
        LEVEL_WARNING, /* not what the gate fails on */
        LEVEL_ERROR,   /* fails the gate; without a gate, definite leaks and cycles */
};
enum words_level words_level(const struct report *report, const struct report_leak *leak);

#endif
