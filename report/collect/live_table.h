/*
 * live_table.h: blocks by address, for live.h.
 *
 * Extendible hashing: the first bits of an address's hash choose, through a
 * directory, one of many small segments of open addressing.  A full segment
 * parts into two, so that no growth moves more than one segment; one that
 * empties shrinks.  Entries never straddle a cache line.  No tombstones.
 */
#ifndef WEIR_LIVE_TABLE_H
#define WEIR_LIVE_TABLE_H

#include "live_arena.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One live block; address 0 = an unused entry. */
struct live_entry {
        uint64_t address;
        uint64_t size;
        uint64_t time_ns;
        uint32_t stack;
        uint32_t thread_flags; /* bits 0..19 thread ordinal, bits 20.. enum block_flag */
};
_Static_assert(sizeof(struct live_entry) == 32, "live entry");

struct live_segment {
        struct live_entry *entries; /* on a cache line's border; of one unused entry while there is no memory */
        void *memory;
        struct live_chunk *chunk; /* of the arena, that `memory` belongs to; NULL = to nobody else */
        uint32_t mask;            /* entries - 1 */
        uint32_t used;
        uint32_t limit; /* entries that may be used before it grows; 0 = none */
        unsigned depth; /* first bits of the hash that all its addresses share */
};

struct live_table {
        struct live_segment **directory; /* 2^depth; NULL until the first block */
        unsigned depth;
        size_t used;
        struct live_arena arena;
};

/* All-zero memory is a valid, empty table. */
void live_table_deinit(struct live_table *table);

/* Makes room for one more block at `address`; false without memory. */
bool live_table_grow(struct live_table *table, uint64_t address);

/* After a removal that left the segment nearly empty. */
void live_table_shrink(struct live_table *table, struct live_segment *segment);

/* A copy of `from` in `to`, which is empty and zero.  0, or -1 without memory and with
 * `to` empty. */
int live_table_copy(struct live_table *to, const struct live_table *from);

/* For all entries:
 *     for (struct live_cursor c = { table }; (entry = live_table_next(&c));)
 */
struct live_cursor {
        const struct live_table *table;
        size_t slot; /* of the directory */
        size_t at;   /* in its segment */
};
struct live_entry *live_table_next(struct live_cursor *cursor);

/* Bytes that the table occupies. */
size_t live_table_bytes(const struct live_table *table);

/* ---- inline ------------------------------------------------------------- */

/* The first bits choose the segment. */
static inline uint64_t live_hash(uint64_t address)
{
        return (address >> 4) * UINT64_C(0x9e3779b97f4a7c15);
}

static inline struct live_segment *live_table_segment(const struct live_table *table, uint64_t hash)
{
        return table->directory[hash >> 1 >> (63 - table->depth)];
}

/* Where an address belongs in a segment, before the mask; tells nothing of the
 * segment, nor that of it. */
static inline size_t live_table_home(uint64_t address)
{
        return (size_t)((address >> 4) * UINT64_C(0xd6e8feb86659fd93) >> 40);
}

/* The entry of the address in its segment, or the unused one where it would be. */
static inline struct live_entry *live_segment_find(const struct live_segment *segment, uint64_t address)
{
        size_t at = live_table_home(address) & segment->mask;

        while (segment->entries[at].address && segment->entries[at].address != address)
                at = (at + 1) & segment->mask;
        return &segment->entries[at];
}

/* The block at this address, or NULL. */
static inline struct live_entry *live_table_find(const struct live_table *table, uint64_t address)
{
        uint64_t hash = live_hash(address);
        struct live_entry *entry;

        if (!table->directory || !address)
                return NULL;
        entry = live_segment_find(live_table_segment(table, hash), address);
        return entry->address ? entry : NULL;
}

/* The entry of the address, or an unused one that is now the caller's to fill
 * (its address is 0).  NULL without memory. */
static inline struct live_entry *live_table_put(struct live_table *table, uint64_t address)
{
        uint64_t hash = live_hash(address);
        struct live_segment *segment = table->directory ? live_table_segment(table, hash) : NULL;
        struct live_entry *entry;

        if (__builtin_expect(!segment || segment->used >= segment->limit, 0)) {
                if (!live_table_grow(table, address))
                        return NULL;
                segment = live_table_segment(table, hash);
        }
        entry = live_segment_find(segment, address);
        if (!entry->address) {
                segment->used++;
                table->used++;
        }
        return entry;
}

/* Takes the block at this address out, into `*taken`; false when there is
 * none.  Closes the gap: what follows moves up where it may. */
static inline bool live_table_take(struct live_table *table, uint64_t address, struct live_entry *taken)
{
        uint64_t hash = live_hash(address);
        struct live_segment *segment = table->directory ? live_table_segment(table, hash) : NULL;
        struct live_entry *entries;
        size_t gap, mask;

        if (!segment || !address)
                return false;
        entries = segment->entries;
        mask = segment->mask;
        gap = (size_t)(live_segment_find(segment, address) - entries);
        if (!entries[gap].address)
                return false;
        *taken = entries[gap];
        for (size_t at = (gap + 1) & mask; entries[at].address; at = (at + 1) & mask) {
                size_t home = live_table_home(entries[at].address);

                if (((at - home) & mask) < ((at - gap) & mask))
                        continue;
                entries[gap] = entries[at];
                gap = at;
        }
        entries[gap].address = 0;
        segment->used--;
        table->used--;
        if (__builtin_expect(segment->used < segment->limit / 16, 0))
                live_table_shrink(table, segment);
        return true;
}

/* Brings the entry of the address near, a few events before it is needed.
 * Inlined always: gcc takes a function that only prefetches for one without
 * effect, and drops the call. */
static inline __attribute__((always_inline)) void live_table_prefetch(const struct live_table *table, uint64_t address)
{
        uint64_t hash = live_hash(address);
        const struct live_segment *segment = table->directory ? live_table_segment(table, hash) : NULL;

        if (segment)
                __builtin_prefetch(&segment->entries[live_table_home(address) & segment->mask], 1);
}

#endif
