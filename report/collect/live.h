/*
 * live.h: the live blocks of one process, as its events tell them.
 *
 * One table (live_table.h) for all rings; each ring's share of the addresses
 * (weir_ring_of) can be copied at its own fork mark.  Memory is bounded by the live
 * blocks.  The caller serialises access.  Times are nanoseconds since the
 * session's start.
 *
 * What counts as what: a realloc is one release and one allocation, undone
 * when it failed; a block from before the fork is `inherited` and counts in no
 * other total; at any time
 *
 *     allocations - frees - reused == live_blocks
 */
#ifndef WEIR_LIVE_H
#define WEIR_LIVE_H

#include "../../preload/channel.h"
#include "../capture/snapshot.h"
#include "../error.h"
#include "live_mappings.h"
#include "live_table.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

static inline uint32_t live_entry_thread(const struct live_entry *entry)
{
        return entry->thread_flags & 0xfffff;
}

static inline uint32_t live_entry_flags(const struct live_entry *entry)
{
        return entry->thread_flags >> 20;
}

struct live_totals {
        uint64_t events;      /* allocations and releases as recorded, mappings included; a failed realloc is none */
        uint64_t allocations; /* realloc counts here and in frees */
        uint64_t frees;
        uint64_t allocated_bytes; /* sum of all sizes asked for */
        uint64_t live_blocks, live_bytes;
        uint64_t peak_bytes;                        /* greatest live_bytes */
        uint64_t inherited_blocks, inherited_bytes; /* still live from before the fork */
        uint64_t inherited_frees;                   /* releases of blocks from before the fork */
        uint64_t unknown_frees;               /* releases of addresses never seen allocated: a defect of the trace */
        uint64_t reused;                      /* allocations on a live address: a defect of the trace */
        uint64_t restores_lost;               /* failed reallocs whose old block was not known */
        uint64_t mapped_blocks, mapped_bytes; /* live mappings of the program, inherited ones not counted */
};

/* What reallocs under way released, by thread; one for each ring. */
struct live_limbo {
        struct live_moved *list;
        size_t mask, used;
};

struct live {
        struct live_table table;
        struct live_limbo limbos[WEIR_RINGS];
        struct live_mappings mappings;
        uint64_t families; /* numbers of mappings that were given out */
        /* What was last unmapped out of a mapping: a mapping put in its very
         * place (MAP_FIXED) belongs to what is around it. */
        struct live_mapping last_cut;
        struct live_totals totals;
        bool no_memory; /* an event could not be kept: the totals and blocks are no longer exact */
};

/* All-zero memory is a valid, empty `struct live`. */
void live_deinit(struct live *live);

/* One event each.  They never fail; without memory they set no_memory. */
static inline void live_alloc(struct live *live, uint64_t address, uint64_t size, uint32_t stack, uint32_t thread,
                              uint32_t flags, uint64_t time_ns);
static inline void live_free(struct live *live, uint64_t address);
/* The release half of a realloc, kept until the thread's next one but one. */
void live_move(struct live *live, uint64_t address, uint32_t thread, uint64_t time_ns);
/* The realloc failed: the block that `thread` moved from `address` is live
 * again, as it was. */
void live_restore(struct live *live, uint64_t address, uint32_t thread);
/* Marks the block or mapping that holds the address BLOCK_IGNORED; nothing when
 * there is none.  An address inside a block costs a search. */
void live_ignore(struct live *live, uint64_t address);
/* [address, address + size); what it covers of older mappings is gone. */
void live_map(struct live *live, uint64_t address, uint64_t size, uint32_t stack, uint32_t thread, bool own,
              uint64_t time_ns);
/* Parts of mappings may be unmapped; what is left stays, split if need be. */
void live_unmap(struct live *live, uint64_t address, uint64_t size);

/* Brings the entry of the address near, a few events before it is needed. */
static inline __attribute__((always_inline)) void live_prefetch(const struct live *live, uint64_t address);

/* The block at exactly this address; false when there is none.  `entry` may be NULL. */
bool live_find(const struct live *live, uint64_t address, struct live_entry *entry);

/* The block at this address that `thread` released by its last move or the one
 * before, or NULL; valid until the next event. */
const struct live_entry *live_moved(const struct live *live, uint64_t address, uint32_t thread);

/* Puts into `child`, which has no blocks there yet, copies of all blocks of
 * ring `ring`'s share of the addresses (and, with ring 0, of all mappings in
 * place of what it has), as inherited and without their stacks (the child's
 * stack table is another).  0, or -1 without memory: then child->no_memory is
 * set. */
int live_inherit(struct live *child, const struct live *parent, unsigned ring);

/* The mappings' part of live_inherit: all of them come with ring 0. */
int live_inherit_mappings(struct live *child, const struct live *parent, unsigned ring);

/* All blocks and mappings, ascending by address, in one array from mem_alloc
 * that the caller frees.  Mappings are marked BLOCK_MAPPING; a mapping of the
 * allocator's own is left out.  Where a block lies inside a mapping, the
 * mapping comes first. */
int live_blocks(const struct live *live, struct block **blocks, size_t *count, struct error *e);

/* Calls `visit` for each block that is not inherited, in no order. */
void live_each(const struct live *live, void (*visit)(void *context, const struct live_entry *entry), void *context);

/* ---- inline ------------------------------------------------------------- */

static inline uint32_t live_pack(uint32_t thread, uint32_t flags)
{
        return (thread & 0xfffff) | flags << 20;
}

static inline void live_count_in(struct live *live, const struct live_entry *entry)
{
        struct live_totals *totals = &live->totals;

        if (__builtin_expect(live_entry_flags(entry) & BLOCK_INHERITED, 0)) {
                totals->inherited_blocks++;
                totals->inherited_bytes += entry->size;
                return;
        }
        totals->live_blocks++;
        totals->live_bytes += entry->size;
        if (totals->live_bytes > totals->peak_bytes)
                totals->peak_bytes = totals->live_bytes;
}

static inline void live_count_out(struct live *live, const struct live_entry *entry)
{
        struct live_totals *totals = &live->totals;

        if (__builtin_expect(live_entry_flags(entry) & BLOCK_INHERITED, 0)) {
                totals->inherited_blocks--;
                totals->inherited_bytes -= entry->size;
                return;
        }
        totals->live_blocks--;
        totals->live_bytes -= entry->size;
}

/* Puts the entry where its address belongs and counts it; what was live there
 * is a defect of the trace.  False without memory. */
bool live_insert(struct live *live, const struct live_entry *entry);

static inline void live_alloc(struct live *live, uint64_t address, uint64_t size, uint32_t stack, uint32_t thread,
                              uint32_t flags, uint64_t time_ns)
{
        const struct live_entry entry = {
                .address = address,
                .size = size,
                .time_ns = time_ns,
                .stack = stack,
                .thread_flags = live_pack(thread, flags),
        };

        live->totals.events++;
        live->totals.allocations++;
        live->totals.allocated_bytes += size;
        if (!address || !live_insert(live, &entry))
                live->totals.frees++; /* nobody will: keeps the sums true */
}

/* The event that released a block, which was taken out of its table. */
static inline void live_count_freed(struct live *live, const struct live_entry *entry)
{
        live->totals.events++;
        live_count_out(live, entry);
        if (__builtin_expect(live_entry_flags(entry) & BLOCK_INHERITED, 0))
                live->totals.inherited_frees++;
        else
                live->totals.frees++;
}

static inline void live_free(struct live *live, uint64_t address)
{
        struct live_entry entry;

        if (__builtin_expect(live_table_take(&live->table, address, &entry), 1)) {
                live_count_freed(live, &entry);
                return;
        }
        live->totals.events++;
        live->totals.unknown_frees++;
}

static inline void live_prefetch(const struct live *live, uint64_t address)
{
        live_table_prefetch(&live->table, address);
}

#endif
