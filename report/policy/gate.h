/*
 * gate.h: judges a report.
 *
 * A gate counts the leaks that are new (neither suppressed nor in the
 * baseline).  Of the kinds it fails on there must be none; where limits are
 * given, so much may be: in all, of any one leak, or of one kind.  A kind with a
 * limit of its own is judged by it, whether the gate fails on that kind or not.
 * A leak weighs what it holds: its own blocks and those that only it keeps
 * (its exclusive ones), so that a lost list is as heavy as the list; where
 * `indirect` leaks are counted themselves, only its own.
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

struct gate_limits {
        struct gate_limit all;               /* of the kinds the gate fails on */
        struct gate_limit kinds[KIND_COUNT]; /* of the leaks of one kind */
};

struct policy {
        bool asked;       /* is there a gate at all? */
        uint32_t fail_on; /* mask of 1 << enum kind */
        struct gate_limits bytes, blocks;           /* of all counted leaks together */
        struct gate_limits leak_bytes, leak_blocks; /* of any one leak */
        bool strict_suppressions;                   /* an unused or expired suppression fails */
};

/* False when anything was not seen: the report says that it is incomplete,
 * events were lost, blocks of kind unknown are there, or no process was
 * traced. */
bool gate_evidence_is_complete(const struct report *report);

/* Fills report->gate.status and .rules, and says of each leak whether a rule
 * that counted it failed (leak.fails_gate); the baseline's numbers are left
 * alone.  GATE_OFF when nothing is asked.  GATE_FAIL when any rule fails,
 * also on incomplete evidence; else GATE_INCOMPLETE when the evidence is not
 * complete.  0, or -1 without memory. */
int gate_judge(struct report *report, const struct policy *policy, struct error *e);

/* DESIGN.md's table: `own` when the gate is off or passed, 23, or 24. */
int gate_exit_status(const struct report *report, int own);

#endif
