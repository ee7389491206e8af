/*
 * live_cells.h: memory for the arrays of live_table.h, which come and go as fast
 * as the program's blocks do.
 *
 * Arrays of one size share a slab; a slab without arrays serves any size.  So
 * what is held is bounded by the most that was in use at once, but for slabs that
 * are partly used.  Nothing goes back to the system before live_cells_deinit.
 */
#ifndef WEIR_LIVE_CELLS_H
#define WEIR_LIVE_CELLS_H

#include <stddef.h>
#include <stdint.h>

/* One live block as live_table.h keeps it. */
struct live_cell {
        uint64_t key, body;
};

enum { LIVE_CELLS_BITS_MAX = 10 };

struct live_slab;
struct live_span;

/* All-zero memory is valid, and holds nothing. */
struct live_cells {
        struct live_slab *open[LIVE_CELLS_BITS_MAX + 1]; /* with room for an array of 2^bits cells */
        struct live_slab *spare;                         /* without arrays */
        struct live_span *spans;                         /* what slabs are cut from, the newest first */
        size_t bytes;                                    /* of all spans */
};

/* 2^bits cells, zeroed, bits at most LIVE_CELLS_BITS_MAX; NULL without memory. */
struct live_cell *live_cells_take(struct live_cells *cells, unsigned bits);

/* Gives back what live_cells_take gave for the same bits. */
void live_cells_give(struct live_cells *cells, struct live_cell *array, unsigned bits);

/* Releases everything, arrays that were not given back among it. */
void live_cells_deinit(struct live_cells *cells);

#endif
