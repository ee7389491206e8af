/*
 * sites.h: which stacks are one site to a person: those that ask for memory at
 * the same place and pass through the same functions, however often, so that
 * the nodes of a tree that was built by recursion have one site.
 */
#ifndef WEIR_SITES_H
#define WEIR_SITES_H

#include "../collect/process.h"
#include "../symbols/symbols.h"

#include <stdbool.h>

struct sites {
        struct symbols *symbols;
        struct process *process;
        struct report *scratch; /* names of the last stacks */
        unsigned used;
        bool failed; /* memory was not enough */
};

void sites_init(struct sites *sites, struct symbols *symbols, struct process *process);
void sites_deinit(struct sites *sites);

/* The same number for stacks of the same site. */
uint64_t sites_key(struct sites *sites, uint32_t stack);

#endif
