/*
 * next.h: the definitions that would have been called without the shim:
 * RTLD_NEXT's, so that any allocator in the process is served, whichever it is.
 *
 * The table is valid from the first instruction on: until next_resolve has
 * run its entries are functions that resolve first, or, while the resolving
 * itself allocates, take the memory from early.h.  An entry whose function
 * does not exist in this process is a correct substitute (free for free_sized).
 */
#ifndef WEIR_NEXT_H
#define WEIR_NEXT_H

#include "hooks.h"

#define NEXT_FIELD(name, function) __typeof__(&name) name;
struct next {
        WEIR_HOOKS(NEXT_FIELD)
};
#undef NEXT_FIELD

extern struct next next __attribute__((visibility("hidden")));

/* Finds all of them.  Calls dlsym: takes the loader's lock and may allocate.
 * Idempotent; any number of threads may do it at once.  Keeps errno. */
void next_resolve(void);

#endif
