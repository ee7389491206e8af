/*
 * together.h: the fields that break a tangled component all together; see
 * breaks.h.
 */
#ifndef WEIR_GRAPH_TOGETHER_H
#define WEIR_GRAPH_TOGETHER_H

#include "alike.h"
#include "arena.h"

/* Fills break_at of `told`.  Reads memory.  0, or -1 without memory. */
int together_find(const struct inner *inner, const struct alike *by_site, const struct alike *by_size,
                  struct group_cycle *told, struct group_arena **arena);

/* The edges that go, a bit for each, made of those that lead back in some
 * search (cuts_back_edges) by the fields of `alike`; `of_field` how many of each
 * field.  For together_find and tests. */
struct tangle {
        const struct digraph *d;
        const struct alike *alike;
        uint64_t *gone;
        uint64_t *of_field;
        uint64_t fields, edges; /* that go */
};

/* 0, or -1 without memory; tangle_free in any case. */
int tangle_cut(struct tangle *t, const struct digraph *d, const struct alike *alike, const uint64_t *back);
void tangle_free(struct tangle *t);

#endif
