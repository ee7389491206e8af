/*
 * extents.h: which block an address is in.
 */
#ifndef WEIR_EXTENTS_H
#define WEIR_EXTENTS_H

#include "ranges.h"
#include "snapshot.h"

/* Over blocks as a snapshot has them: ascending, none overlapping but for
 * blocks inside a mapping. */
struct extents {
        const struct block *blocks;
        size_t count;
        size_t *mappings; /* indices of those with BLOCK_MAPPING */
        size_t mapping_count;
};

/* `blocks` must outlive the extents.  0, or -1 without memory. */
int extents_init(struct extents *extents, const struct block *blocks, size_t count);
void extents_deinit(struct extents *extents);

/* The innermost block whose [address, address + size) holds `address`, or
 * NULL. */
const struct block *extents_find(const struct extents *extents, uint64_t address);

/* True when a block of the allocator begins in [start, end). */
bool extents_any(const struct extents *extents, uint64_t start, uint64_t end);

/* The address of the first block that begins above `address`; UINT64_MAX if
 * none. */
uint64_t extents_above(const struct extents *extents, uint64_t address);

#endif
