/*
 * identity.h: which process of this machine a channel belongs to, and how it
 * ended, as far as /proc and the kernel tell.
 */
#ifndef WEIR_IDENTITY_H
#define WEIR_IDENTITY_H

#include "process.h"

#include <stdbool.h>
#include <stdint.h>

/* Finds the process's pid, which differs from inner_pid in another pid
 * namespace, by looking for a mapping of the session's memory; fills pid,
 * pidfd, ppid and, unless it was forked, exe and argv as far as they can be
 * known.  False when the process is gone already. */
bool identity_find(struct process *process, uint64_t inode);

/* The wait status of a process whose pidfd is readable and that is not weir's
 * child; false when nobody can say. */
bool identity_status(int32_t pid, int pidfd, int *status);

/* False when no process has the pid, or only a dead one. */
bool identity_alive(int32_t pid);

/* The parent's pid, 0 = unknown. */
int32_t identity_parent(int32_t pid);

#endif
