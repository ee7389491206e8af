/*
 * untraced.h: programs of the tree that ran without the shim, and why.
 */
#ifndef WEIR_UNTRACED_H
#define WEIR_UNTRACED_H

#include "collector.h"

#include <stdbool.h>
#include <stdint.h>

void untraced_add(struct collector_result *result, int32_t pid, const char *exe, const char *reason);

/* The process was replaced by `file` and never heard of again. */
void untraced_exec(struct collector_result *result, int32_t pid, const char *file);

/* The same for the programs that children sharing its memory ran. */
void untraced_execs(struct collector_result *result, struct process *process);

/* The command itself never came. */
void untraced_command(struct collector_result *result, int32_t pid, const char *file);

/* True when a process that came is what the child ran. */
bool untraced_arrived(const struct collector_result *result, const struct process_exec *exec);

#endif
