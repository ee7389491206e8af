/*
 * own_rules.h: suppressions that a traced program brings along itself
 * (__lsan_default_suppressions).
 */
#ifndef WEIR_OWN_RULES_H
#define WEIR_OWN_RULES_H

#include "../collect/collector.h"
#include "../emit/report.h"
#include "../error.h"
#include "suppress.h"

#include <stdbool.h>

/* Adds the rules of one process; rules that cannot be read are an error
 * (ERROR_BAD_INPUT), and none of the process's is added.  0 or -1. */
int own_rules_read(struct suppressions *to, const struct process *process, struct error *e);

/* Suppresses in the report what the rules of the run's processes match.  Equal
 * texts count once.  Rules that cannot be read suppress nothing, and a
 * diagnostic says so.  0, or -1 without memory. */
int own_rules_apply(struct report *report, const struct collector_result *run, struct error *e);

/* Whether a report's suppression is such a rule, and whether such a rule suppressed
 * the leak: also of a report that was stored. */
bool own_rules_has(const struct report_suppression *suppression);
bool own_rules_suppressed(const struct report *report, const struct report_leak *leak);

#endif
