/*
 * rows.h: where each block's edges are in one array: 64 blocks have a common
 * beginning, from which each one's is 32 bits away.  The rows of one such group
 * follow each other; between groups there may be gaps.  Several threads may set
 * rows at the same time, each of its own blocks.
 */
#ifndef WEIR_GRAPH_ROWS_H
#define WEIR_GRAPH_ROWS_H

#include "../mem.h"

#include <stdbool.h>
#include <stdint.h>

enum { ROWS_GROUP = 64 };

struct rows {
        uint64_t *base;    /* of each group its first edge; one more for rows_guess */
        uint32_t *offsets; /* of each block its first edge, from there; ROWS_GROUP + 1 for each group */
};

/* For `count` blocks, all without edges; 0 or -1 without memory. */
static inline int rows_init(struct rows *rows, uint64_t count)
{
        uint64_t groups = count / ROWS_GROUP + 1;

        rows->base = mem_alloc(groups + 1, sizeof *rows->base);
        rows->offsets = mem_alloc(groups, (ROWS_GROUP + 1) * sizeof *rows->offsets);
        return rows->base && rows->offsets ? 0 : -1;
}

static inline void rows_free(struct rows *rows)
{
        mem_free(rows->base);
        mem_free(rows->offsets);
        *rows = (struct rows){ 0 };
}

/* Place of a block's offset; its end is the next. */
static inline uint64_t rows_place(uint64_t id)
{
        return id + id / ROWS_GROUP;
}

static inline uint64_t rows_start(const struct rows *rows, uint64_t id)
{
        return rows->base[id / ROWS_GROUP] + rows->offsets[rows_place(id)];
}

static inline uint64_t rows_end(const struct rows *rows, uint64_t id)
{
        return rows->base[id / ROWS_GROUP] + rows->offsets[rows_place(id) + 1];
}

/* Says where the row of a block ends, after saying so of the one before it.
 * `start` is where the row began: only the first of a group may begin
 * elsewhere than the one before ended.  False when a group has 2^32 edges. */
static inline bool rows_set(struct rows *rows, uint64_t id, uint64_t start, uint64_t end)
{
        if (id % ROWS_GROUP == 0)
                rows->base[id / ROWS_GROUP] = start;
        rows->offsets[rows_place(id) + 1] = (uint32_t)(end - rows->base[id / ROWS_GROUP]);
        return end - rows->base[id / ROWS_GROUP] <= UINT32_MAX;
}

/* The same for the first group of whoever begins inside it, at block `first`
 * and edge `begin`, while others set the rows before: to be followed by
 * rows_join.  Rows follow each other. */
static inline bool rows_set_head(struct rows *rows, uint64_t id, uint64_t begin, uint64_t end)
{
        rows->offsets[rows_place(id) + 1] = (uint32_t)(end - begin);
        return end - begin <= UINT32_MAX;
}

/* The end of the head that begins at block `first`, of blocks up to `end`. */
static inline uint64_t rows_head_end(uint64_t first, uint64_t end)
{
        uint64_t group_end = (first + ROWS_GROUP - 1) / ROWS_GROUP * ROWS_GROUP;

        return group_end < end ? group_end : end;
}

/* Puts the head's rows behind that of the block before `first`, once that is
 * set.  `*to` is where its `*count` edges belong.  False as above. */
static inline bool rows_join(struct rows *rows, uint64_t first, uint64_t head_end, uint64_t *to, uint64_t *count)
{
        uint64_t shift = rows->offsets[rows_place(first)];

        *to = rows->base[first / ROWS_GROUP] + shift;
        *count = rows->offsets[rows_place(head_end - 1) + 1];
        for (uint64_t id = first; id < head_end; id++)
                rows->offsets[rows_place(id) + 1] += (uint32_t)shift;
        return shift + *count <= UINT32_MAX;
}

static inline __attribute__((always_inline)) void rows_prefetch(const struct rows *rows, uint64_t id)
{
        __builtin_prefetch(rows->offsets + rows_place(id));
}

/* About where the row of a block is, from what is in the cache: the place in
 * its group that it has when all rows of the group are of one length.  To fetch
 * edges at the same time as the offset that says where they are. */
static inline uint64_t rows_guess(const struct rows *rows, uint64_t id)
{
        uint64_t group = id / ROWS_GROUP, start = rows->base[group], next = rows->base[group + 1];

        return next > start ? start + (next - start) * (id % ROWS_GROUP) / ROWS_GROUP : start;
}

#endif
