/*
 * telling.h: what keepers.h and live_cycles.h found, in the words of the report:
 * with types, sites, members and the names of holders.  Private to keep.c.
 *
 * All functions return 0, or -1 without memory; what they tell is owned by the
 * report `memory`.  They read no memory of the process.
 */
#ifndef WEIR_TELLING_H
#define WEIR_TELLING_H

#include "holders.h"
#include "keep.h"
#include "typing.h"

struct telling {
        struct keep *keep; /* as keep_prepare left it */
        const struct graph *graph;
        struct process *process;
        struct symbols *symbols;
        struct typing *typing;
        struct report *memory; /* of all that is told */
        const struct holders *holders;
        const struct keepers *keepers;
};

/* ---- of one block: telling.c ------------------------------------------------ */

/* NULL where no type is known. */
int telling_type(const struct telling *t, uint64_t id, const char **type);
/* Likewise, and the site. */
int telling_block(const struct telling *t, uint64_t id, const char **type, const char **site);

/* The member of block `id` that is `offset` bytes from its start; NULL where
 * none is known. */
int telling_field(const struct telling *t, uint64_t id, uint64_t offset, const char **field);

/* A vertex of the dominator tree: a block, a holder, or all roots. */
int telling_keeper(const struct telling *t, uint64_t vertex, struct report_keeper *out);

/* ---- lists: telling_lists.c ----------------------------------------------------- */

int telling_sites(const struct telling *t, struct report_retained *r);
int telling_types(const struct telling *t, struct report_retained *r);
int telling_tree(const struct telling *t, struct report_retained *r);
/* The accumulation points. */
int telling_points(const struct telling *t, struct report_retained *r);

/* ---- lists: telling_blocks.c ---------------------------------------------------- */

/* The blocks that hold most, with what they refer to and what refers to them. */
int telling_top(const struct telling *t, struct report_retained *r);
/* The cycles in use. */
int telling_cycles(const struct telling *t, struct report_retained *r);

#endif
