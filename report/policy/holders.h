/*
 * holders.h: which words of the roots are one thing to a person: those of one
 * variable, of one thread's stack, of one thread's own storage; each register.
 */
#ifndef WEIR_HOLDERS_H
#define WEIR_HOLDERS_H

#include "../collect/process.h"
#include "../emit/report.h"
#include "../error.h"
#include "../graph/retained.h"
#include "../symbols/symbols.h"

struct holders {
        struct retained_holders map;
        struct holder *list;
        size_t capacity;
        const struct graph *graph;
        struct symbols *symbols;
        struct process *process;
};

/* 0, or -1; release it with holders_deinit either way. */
int holders_find(struct holders *holders, const struct graph *graph, struct symbols *symbols, struct process *process,
                 struct error *e);
void holders_deinit(struct holders *holders);

/* What a person calls holder `index`, in the memory of `memory`.  0, or -1
 * without memory. */
int holders_name(const struct holders *holders, uint32_t index, struct report *memory, const char **name);

#endif
