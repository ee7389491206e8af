/*
 * check.h: the answer to a program that asks, while it runs, whether it leaks
 * (weir_check, __lsan_do_recoverable_leak_check).
 */
#ifndef WEIR_CHECK_H
#define WEIR_CHECK_H

#include "../collect/process.h"
#include "../error.h"
#include "suppress.h"

/* Counts in process->check what its findings say is lost and `rules`, with
 * those of the process itself, do not suppress: groups of definite leaks and
 * cycles; blocks and bytes of these and of what hangs from them.  0, or -1
 * with the error set and process->check.failed. */
int check_count(struct process *process, struct suppressions *rules, struct error *e);

#endif
