/*
 * refusal.h: why the system does not let weir stop or read a process, and
 * what to do about it.
 */
#ifndef WEIR_REFUSAL_H
#define WEIR_REFUSAL_H

#include "../error.h"

#include <sys/types.h>

/* Fills `e` with ERROR_REFUSED and a text that names the process, what refused
 * (another tracer, a process that is not dumpable, another user, Yama, a
 * system call filter) as far as can be told from outside, and the cure.
 * `errnum` is what the system said.  Returns -1. */
int refusal_explain(struct error *e, pid_t pid, int errnum);

#endif
