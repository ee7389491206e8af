/*
 * memcheck.h: a report in the terms of Valgrind's memcheck: loss records of
 * four kinds, the smallest first.
 */
#ifndef WEIR_MEMCHECK_H
#define WEIR_MEMCHECK_H

#include "format.h"

enum memcheck_kind { MEMCHECK_DEFINITE, MEMCHECK_INDIRECT, MEMCHECK_POSSIBLE, MEMCHECK_REACHABLE, MEMCHECK_KINDS };

/* What memcheck calls weir's kind. */
enum memcheck_kind memcheck_kind(enum kind kind);

/* The leaks that are records: new, and of a kind that the options ask for.
 * leaks[at] is one; records count from 1 in the order they are printed, which
 * is the reverse of the report's. */
struct memcheck_records {
        const struct report *report;
        const struct format_options *options;
        size_t count;
};
struct memcheck_records memcheck_records(const struct report *report, const struct format_options *options);
bool memcheck_is_record(const struct memcheck_records *records, const struct report_leak *leak);

/* What hangs on a definite leak alone, as memcheck counts it to the record. */
uint64_t memcheck_indirect_bytes(const struct report_leak *leak);

/* "1,234 bytes in 2 blocks are definitely lost in loss record 1 of 3": always
 * "blocks", which is what its readers look for. */
void memcheck_headline(const struct report_leak *leak, size_t number, size_t count, FILE *out);

/* The sums of the kinds that memcheck calls so. */
struct report_kind memcheck_sum(const struct report *report, enum memcheck_kind kind);

/* The process id on every line: the command's. */
int32_t memcheck_pid(const struct report *report);

/* How many frames of the leak's stack to print. */
size_t memcheck_frames(const struct report_leak *leak, const struct format_options *options);

#endif
