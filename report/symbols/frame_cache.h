/*
 * frame_cache.h: what was found at the addresses of one module.
 */
#ifndef WEIR_FRAME_CACHE_H
#define WEIR_FRAME_CACHE_H

#include "symbols.h"

struct frame_cache_entry {
        uint64_t address;
        struct symbol_frame *frames; /* NULL = a free slot */
        size_t count;
};

struct frame_cache {
        struct frame_cache_entry *slots; /* open addressing */
        size_t capacity, count;
};

/* The entry for an address, or NULL. */
const struct frame_cache_entry *frame_cache_find(const struct frame_cache *cache, uint64_t address);

/* Adds an address that is not there.  Takes `frames` (of mem_alloc) over, also
 * on failure.  The entry, valid until the next call; NULL without memory. */
const struct frame_cache_entry *frame_cache_add(struct frame_cache *cache, uint64_t address,
                                                struct symbol_frame *frames, size_t count);

void frame_cache_deinit(struct frame_cache *cache);

#endif
