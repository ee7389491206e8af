/*
 * holding.h: what holds one block, and what hangs from it: a path from a root
 * to a block, or from the head of the leak that it belongs to, and the tree
 * below it.
 *
 * Strings and lists are in the memory of the report that is given.
 */
#ifndef WEIR_HOLDING_H
#define WEIR_HOLDING_H

#include "../collect/process.h"
#include "../emit/report.h"
#include "../error.h"
#include "../graph/graph.h"
#include "../symbols/symbols.h"

/* A block as a person knows it. */
struct holding_block {
        uint64_t address, size;
        const char *type; /* NULL = unknown */
        const char *likely_type; /* what it most likely is, where the type is unknown */
        const char *site; /* where it was allocated, "function (file:line)"; NULL = unknown */
        enum kind kind;
        bool inherited;
};

/* The word at `offset` of what the step before ends at (at first: of the root)
 * points at `block`. */
struct holding_step {
        uint64_t offset;
        enum strength strength;
        const char *field; /* name of the member that the word is; NULL = unknown */
        unsigned depth; /* of a tree: 1 = the top's own words */
        bool again;     /* of a tree: the block was met before; not followed */
        struct holding_block block;
};

struct holding {
        struct holding_block block;
        uint64_t into;             /* of the address in the block */
        const char *root;          /* where the path begins; NULL: at `head` */
        struct holding_block head; /* of the leak, a member of the lost cycle, or inherited */
        struct holding_step *path; /* none when the block is itself the head, or nothing is known to hold it */
        size_t count, path_more;   /* path_more steps are left out in its middle */
        struct holding_step *tree; /* what it points at, depth first */
        size_t tree_count;
        uint64_t left_blocks, left_bytes; /* that it leads to, and the tree does not show */
};

/* What is needed to tell of one process's heap. */
struct holding_of {
        struct report *memory;
        struct symbols *symbols;
        struct process *process;
        const struct graph *graph;
        size_t depth, limit; /* levels and lines of the tree; steps of the path; 0 = all */
};

/* 1 with what holds the block that contains `address`; 0 when no block of this
 * process does; -1 without memory. */
int holding_find(const struct holding_of *of, uint64_t address, struct holding *out, struct error *e);

#endif
