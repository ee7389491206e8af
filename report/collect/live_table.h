/*
 * live_table.h: blocks by address, for live.h.
 *
 * Addresses that are near each other are near here, because programs release
 * together what they allocated together.  A chunk stands for 64 KiB of
 * addresses and is found by its number; each KiB of it that has blocks, a
 * region, has an array of 16 bytes for each block, in which a block's place
 * follows from where in the region it begins: arrays that are full double, those
 * that empty shrink, and regions and chunks without blocks are gone.  No growth
 * moves more than one region and the list of chunks.
 */
#ifndef WEIR_LIVE_TABLE_H
#define WEIR_LIVE_TABLE_H

#include "../../preload/channel.h"
#include "../capture/snapshot.h"
#include "live_cells.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One live block, as it is told. */
struct live_entry {
        uint64_t address;
        uint64_t size;
        uint64_t time_ns; /* as kept: to the 1024 ns before it */
        uint32_t stack;
        uint32_t thread_flags; /* bits 0..19 thread ordinal, bits 20.. enum block_flag */
};

/* And as it is kept, in a struct live_cell; all 0 = unused.
 *
 * key  bits  0..9   where in its region it begins
 *      bit  10      LIVE_USED
 *      bit  11      LIVE_GREAT: the size in the body is an index of live_table.great
 *      bit  12      LIVE_INHERITED
 *      bit  13      LIVE_IGNORED
 *      bits 14..63  time, in 1024 ns
 * body as in the record of an ALLOC (channel.h) */
enum {
        LIVE_REGION_BITS = 10,
        LIVE_REGION = 1 << LIVE_REGION_BITS, /* bytes of addresses */
        LIVE_CHUNK_BITS = 16,
        LIVE_REGIONS = 1 << (LIVE_CHUNK_BITS - LIVE_REGION_BITS), /* of a chunk */
        LIVE_USED = 1 << 10,
        LIVE_GREAT = 1 << 11,
        LIVE_INHERITED = 1 << 12,
        LIVE_IGNORED = 1 << 13,
        LIVE_TIME_SHIFT = 14,
        LIVE_TIME_UNIT_BITS = 10,
        LIVE_SIZE_MASK = (1 << WEIR_BODY_SIZE_BITS) - 1,
};

_Static_assert((int)LIVE_REGION_BITS <= (int)LIVE_CELLS_BITS_MAX, "a cell for each byte of a region");

struct live_region {
        struct live_cell *cells; /* 2^bits; NULL = no blocks */
        uint16_t used;
        uint16_t strays; /* blocks that are not in their own place, but after it */
        uint8_t bits;
};

struct live_chunk {
        uint64_t number; /* address >> LIVE_CHUNK_BITS */
        unsigned used;   /* regions with blocks */
        struct live_region regions[LIVE_REGIONS];
};

struct live_slot {
        uint64_t number;
        struct live_chunk *chunk; /* NULL = unused */
};

/* Sizes that do not fit a body. */
struct live_great {
        uint64_t *sizes;
        size_t used, capacity;
        uint64_t vacant; /* 1 + index of a size that is not used any more, whose value is the next; 0 = none */
};

struct live_table {
        struct live_slot *slots; /* open addressing; NULL until the first block */
        unsigned bits;           /* 2^bits slots */
        size_t chunk_count;
        size_t used; /* blocks */
        struct live_cells cells;
        struct live_great great;
};

/* All-zero memory is a valid, empty table. */
void live_table_deinit(struct live_table *table);

/* The cell of the address: the block that is there, or an unused one that is now counted and the caller's to fill
 * with live_table_fill.  NULL without memory. */
static inline struct live_cell *live_table_put(struct live_table *table, uint64_t address);

/* Fills a cell from live_table_put that was unused; false without memory, and the cell is unused again. */
static inline bool live_table_fill(struct live_table *table, struct live_cell *cell, const struct live_entry *entry);

/* The block at this address, or NULL; valid until the next put or take. */
static inline struct live_cell *live_table_find(const struct live_table *table, uint64_t address);

/* Takes the block at this address out, into `*taken`; false when there is none. */
static inline bool live_table_take(struct live_table *table, uint64_t address, struct live_entry *taken);

/* Brings the region of the address near, some events before its block is. */
static inline void live_table_prefetch_region(const struct live_table *table, uint64_t address);

/* Brings the block of the address near, a few events before it is needed. */
static inline void live_table_prefetch(const struct live_table *table, uint64_t address);

/* For all blocks, those of a region one after the other, regions of a chunk ascending:
 *     for (struct live_cursor c = { table }; live_table_next(&c, &entry);)
 */
struct live_cursor {
        const struct live_table *table;
        size_t slot;
        unsigned region, cell;
};
bool live_table_next(struct live_cursor *cursor, struct live_entry *entry);
/* Likewise, only those of ring `ring`'s share of the addresses. */
bool live_table_next_of(struct live_cursor *cursor, unsigned ring, struct live_entry *entry);

/* ---- what the inline functions leave to others --------------------------- */

struct live_cell *live_table_put_slow(struct live_table *table, uint64_t address);
bool live_table_take_slow(struct live_table *table, uint64_t address, struct live_entry *taken);
struct live_cell *live_region_find(const struct live_region *region, uint64_t address);
bool live_table_fill_great(struct live_table *table, struct live_cell *cell, const struct live_entry *entry);

/* ---- inline -------------------------------------------------------------- */

/* Where a chunk belongs among the slots, before the mask. */
static inline size_t live_table_home(uint64_t number)
{
        return number * UINT64_C(0x9e3779b97f4a7c15) >> 32;
}

static inline struct live_chunk *live_table_chunk(const struct live_table *table, uint64_t address)
{
        uint64_t number = address >> LIVE_CHUNK_BITS;
        size_t at, mask = ((size_t)1 << table->bits) - 1;

        if (__builtin_expect(!table->slots, 0))
                return NULL;
        for (at = live_table_home(number) & mask; table->slots[at].chunk; at = (at + 1) & mask)
                if (table->slots[at].number == number)
                        return table->slots[at].chunk;
        return NULL;
}

static inline struct live_region *live_chunk_region(struct live_chunk *chunk, uint64_t address)
{
        return &chunk->regions[address >> LIVE_REGION_BITS & (LIVE_REGIONS - 1)];
}

/* The region of the address, or NULL when it has no blocks. */
static inline struct live_region *live_table_region(const struct live_table *table, uint64_t address)
{
        struct live_chunk *chunk = live_table_chunk(table, address);
        struct live_region *region = chunk ? live_chunk_region(chunk, address) : NULL;

        return region && region->cells ? region : NULL;
}

/* What a block at this address has in the lowest bits of its key. */
static inline uint64_t live_cell_place(uint64_t address)
{
        return (address & (LIVE_REGION - 1)) | LIVE_USED;
}

static inline bool live_cell_is_at(const struct live_cell *cell, uint64_t address)
{
        return (cell->key & (LIVE_USED | (LIVE_REGION - 1))) == live_cell_place(address);
}

static inline unsigned live_region_home(const struct live_region *region, uint64_t address)
{
        return (unsigned)(address & (LIVE_REGION - 1)) >> (LIVE_REGION_BITS - region->bits);
}

static inline struct live_cell *live_table_find(const struct live_table *table, uint64_t address)
{
        struct live_region *region = live_table_region(table, address);

        return region ? live_region_find(region, address) : NULL;
}

static inline struct live_cell *live_table_put(struct live_table *table, uint64_t address)
{
        struct live_region *region = live_table_region(table, address);
        struct live_cell *cell = region ? &region->cells[live_region_home(region, address)] : NULL;

        if (!cell || cell->key)
                return live_table_put_slow(table, address);
        region->used++;
        table->used++;
        return cell;
}

static inline bool live_table_fill(struct live_table *table, struct live_cell *cell, const struct live_entry *entry)
{
        uint32_t flags = entry->thread_flags >> 20;

        cell->key = live_cell_place(entry->address) | (flags & BLOCK_INHERITED ? LIVE_INHERITED : 0) |
                    (flags & BLOCK_IGNORED ? LIVE_IGNORED : 0) |
                    entry->time_ns >> LIVE_TIME_UNIT_BITS << LIVE_TIME_SHIFT;
        cell->body = (entry->size & LIVE_SIZE_MASK) | (uint64_t)entry->stack << WEIR_BODY_SIZE_BITS |
                     (uint64_t)entry->thread_flags << WEIR_BODY_THREAD_SHIFT;
        return !(entry->size >> WEIR_BODY_SIZE_BITS) || live_table_fill_great(table, cell, entry);
}

/* The same for a block as its ALLOC record has it, which always succeeds. */
static inline void live_cell_fill(struct live_cell *cell, uint64_t address, uint64_t body, uint64_t time_ns)
{
        cell->key = live_cell_place(address) | time_ns >> LIVE_TIME_UNIT_BITS << LIVE_TIME_SHIFT;
        cell->body = body;
}

static inline uint64_t live_cell_size(const struct live_table *table, const struct live_cell *cell)
{
        uint64_t size = cell->body & LIVE_SIZE_MASK;

        return __builtin_expect(cell->key & LIVE_GREAT, 0) ? table->great.sizes[size] : size;
}

static inline struct live_entry live_cell_entry(const struct live_table *table, const struct live_cell *cell,
                                                uint64_t address)
{
        uint32_t flags =
                (cell->key & LIVE_INHERITED ? BLOCK_INHERITED : 0) | (cell->key & LIVE_IGNORED ? BLOCK_IGNORED : 0);

        return (struct live_entry){
                .address = address,
                .size = live_cell_size(table, cell),
                .time_ns = cell->key >> LIVE_TIME_SHIFT << LIVE_TIME_UNIT_BITS,
                .stack = cell->body >> WEIR_BODY_SIZE_BITS & ((UINT32_C(1) << WEIR_BODY_STACK_BITS) - 1),
                .thread_flags = (uint32_t)(cell->body >> WEIR_BODY_THREAD_SHIFT) | flags << 20,
        };
}

static inline bool live_table_take(struct live_table *table, uint64_t address, struct live_entry *taken)
{
        struct live_region *region = live_table_region(table, address);
        struct live_cell *cell;

        if (!region)
                return false;
        cell = &region->cells[live_region_home(region, address)];
        if (!live_cell_is_at(cell, address) || region->strays || cell->key & LIVE_GREAT ||
            (region->used - 1u) << 3 < 1u << region->bits)
                return live_table_take_slow(table, address, taken);
        *taken = live_cell_entry(table, cell, address);
        cell->key = 0;
        region->used--;
        table->used--;
        return true;
}

static inline __attribute__((always_inline)) void live_table_prefetch_region(const struct live_table *table,
                                                                             uint64_t address)
{
        struct live_chunk *chunk = live_table_chunk(table, address);

        if (chunk)
                __builtin_prefetch(live_chunk_region(chunk, address));
}

/* Inlined always: gcc takes a function that only prefetches for one without
 * effect, and drops the call. */
static inline __attribute__((always_inline)) void live_table_prefetch(const struct live_table *table, uint64_t address)
{
        const struct live_region *region = live_table_region(table, address);

        if (region)
                __builtin_prefetch(&region->cells[live_region_home(region, address)], 1);
}

#endif
