/*
 * gate.h: judges a report.
 *
 * A gate counts the leaks that are new (neither suppressed nor in the
 * baseline) and of the kinds it fails on.  Without limits there must be none;
 * with limits, so much may be.  A leak weighs what it holds: its own blocks
 * and those that only it keeps (its exclusive ones), so that a lost list is
 * as heavy as the list; where `indirect` leaks are counted themselves, only its own.
 */
#ifndef WEIR_GATE_H
#define WEIR_GATE_H

#include "../emit/report.h"
#include "../error.h"

#include <stdbool.h>
#include <stdint.h>

enum gate_exit { GATE_EXIT_FAIL = 23, GATE_EXIT_INCOMPLETE = 24 };

struct gate_limit {
        bool given;
        uint64_t value;
};

struct policy {
        bool asked;              /* is there a gate at all? */
        uint32_t fail_on;        /* mask of 1 << enum kind */
        struct gate_limit bytes; /* of all counted leaks */
        struct gate_limit blocks;
        struct gate_limit leak_bytes; /* of any one leak */
        struct gate_limit leak_blocks;
        struct gate_limit kind_bytes[KIND_COUNT]; /* of the counted leaks of one kind */
        bool strict_suppressions;                 /* an unused or expired suppression fails */
};

/* Fills report->gate.status and .rules, and says of each leak whether a rule
 * that counted it failed (leak.fails_gate); the baseline's numbers are left
 * alone.  GATE_OFF when nothing is asked.  GATE_FAIL when any rule fails,
 * also on incomplete evidence; else GATE_INCOMPLETE when the report is
 * incomplete, lost events or has live blocks of kind unknown.  0, or -1
 * without memory. */
int gate_judge(struct report *report, const struct policy *policy, struct error *e);

/* DESIGN.md's table: `own` when the gate is off or passed, 23, or 24. */
int gate_exit_status(const struct report *report, int own);

#endif
