/*
 * scope.h: the part of a report that somebody answers for: the leaks that touch
 * modules and functions of their own.
 *
 * A pattern is a glob.  One with a slash is held against the module's whole path,
 * one without against its last part; a function's against its name, with its
 * arguments or without, and its linkage name.  A leak is inside when some frame is in one of the modules and some frame is
 * one of the functions, where either is asked for.  A leak without a stack, or
 * whose stack is cut off, cannot be said to be outside.
 */
#ifndef WEIR_SCOPE_H
#define WEIR_SCOPE_H

#include "../emit/report.h"

#include <stdbool.h>
#include <stddef.h>

struct scope {
        const char *const *modules, *const *functions;
        size_t module_count, function_count;
};

bool scope_holds(const struct scope *scope, const struct report_leak *leak);

/* The first pattern that no frame of any leak matches: most likely misspelt; NULL
 * when there is none. */
const char *scope_idle(const struct scope *scope, const struct report *report);

/* "not in --only-module=libfoo*" in the report's memory; NULL without memory. */
const char *scope_name(const struct scope *scope, struct report *report);

#endif
