/*
 * variables.h: the variables of one module that were asked about.  Private to
 * symbols/.
 */
#ifndef WEIR_SYMBOL_VARIABLES_H
#define WEIR_SYMBOL_VARIABLES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct variable {
        uint64_t start, extent; /* bytes that are known to be in it */
        uint64_t size;          /* 0 = unknown */
        const char *name;       /* the context's */
};

struct variables {
        struct variable *list;
        size_t count, capacity;
        bool sorted; /* by start, each once */
};

/* Adds a variable that was found; -1 without memory. */
int variables_add(struct variables *variables, const struct variable *variable);

/* Sorts them, and makes those that were added several times one. */
void variables_sort(struct variables *variables);

/* The variable that contains the address, or NULL. */
const struct variable *variables_find(struct variables *variables, uint64_t address);

#endif
