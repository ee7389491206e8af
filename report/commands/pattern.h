/*
 * pattern.h: names of files with a process id in them: %p stands for it, %% for
 * a percent sign, and any other % for itself.
 */
#ifndef WEIR_PATTERN_H
#define WEIR_PATTERN_H

#include <stdbool.h>
#include <stdint.h>

/* Whether the name is known only once the process is. */
bool pattern_wants_pid(const char *pattern);

/* The name; NULL without memory. */
char *pattern_name(const char *pattern, int32_t pid);

#endif
