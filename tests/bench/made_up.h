/*
 * made_up.h: a heap whose contents are made up when they are read, so that heaps
 * larger than this machine's memory can be analysed.
 *
 * Blocks of 64 bytes, one every 80, from a thousand sites.  Shapes: `held`
 * (pointers to blocks at random, and one to the next; a global reaches all),
 * `most` (the same, but nothing points at one block of a thousand),
 * `lost` (at random, nothing is held), `list` and `ring` (lost, in an order far
 * from that of addresses).
 */
#ifndef WEIR_BENCH_MADE_UP_H
#define WEIR_BENCH_MADE_UP_H

#include "report/capture/snapshot.h"

enum { MADE_UP_SIZE = 64, MADE_UP_STRIDE = 80, MADE_UP_SITES = 1000 };

struct made_up {
        uint64_t count;
        unsigned degree; /* pointers of each block */
        enum { HELD, MOST, LOST, LIST, RING } shape;
        uint64_t step; /* of a list or ring, from block to block */
        uint64_t global;
        struct root root;
};

struct made_up made_up_heap(uint64_t count, unsigned degree, const char *shape);

/* Without its blocks; `heap` must outlive it. */
struct snapshot made_up_snapshot(struct made_up *heap);

/* The blocks first <= id < first + count. */
void made_up_blocks(struct block *blocks, uint64_t first, uint64_t count);

#endif
