/*
 * young.h: a small front of the live table, for one round of one ring.
 *
 * Most blocks die young, and an allocator gives their addresses out again at
 * once.  An address that was released lately is remembered here, as one that
 * the table does not have; a block that is allocated there stays here, and if
 * it is released soon the table never hears of it.  A block whose place another
 * address wants, and at the end of the round every block, goes on to the table.
 *
 * Nothing is guessed: what the table and the totals say after young_flush is
 * what live_alloc and live_free would have made of the same events.  Meanwhile
 * the totals lack what is counted here.
 */
#ifndef WEIR_YOUNG_H
#define WEIR_YOUNG_H

#include "../../preload/channel.h"
#include "live.h"

#include <stdbool.h>
#include <stdint.h>

enum {
        YOUNG_BITS = 9,
        YOUNG_SLOTS = 1 << YOUNG_BITS,
        YOUNG_LIVE = 1, /* kinds of key */
        YOUNG_GONE = 2,
};

struct young_slot {
        uint64_t key;  /* as in a record's head: the address, YOUNG_LIVE or YOUNG_GONE below it; 0 = nothing */
        uint64_t body; /* LIVE: of its ALLOC record */
};

/* Changes of live->totals since the last young_settle; live_bytes and peak_bytes as they are now.
 * live_bytes, which a release changes alone, stands apart from allocated_bytes: side by
 * side the compiler adds to both at once, and the load of both waits until the
 * release's store of one has left the store buffer. */
struct young_tally {
        uint64_t live_bytes, allocations, allocated_bytes, frees, peak_bytes;
};

struct young {
        struct live *live;
        uint64_t now_ns; /* time of all its blocks */
        struct young_tally tally;
        struct young_slot slots[YOUNG_SLOTS];
};

/* To be called before anything else; nothing is remembered. */
void young_begin(struct young *young, struct live *live, uint64_t now_ns);

/* Hands everything on to the table and the totals; nothing is remembered. */
void young_flush(struct young *young);

/* Hands the counts on to the totals, and what is known of `address` to the
 * table: afterwards any event of live.h may follow for this address, and then
 * young_resume must. */
void young_settle(struct young *young, uint64_t address);

/* Goes on counting from the totals as such an event left them. */
void young_resume(struct young *young);

/* What young_alloc and young_free leave to others: an address that the front
 * does not know as gone, or as live. */
void young_alloc_other(struct young *young, uint64_t head, uint64_t body);
void young_free_other(struct young *young, uint64_t head);

/* ---- inline ------------------------------------------------------------- */

static inline uint64_t young_body_size(uint64_t body)
{
        return body & ((UINT64_C(1) << WEIR_BODY_SIZE_BITS) - 1);
}

static inline uint32_t young_body_stack(uint64_t body)
{
        return body >> WEIR_BODY_SIZE_BITS & ((UINT32_C(1) << WEIR_BODY_STACK_BITS) - 1);
}

static inline struct young_slot *young_slot(struct young *young, uint64_t head)
{
        uint64_t address = head >> (WEIR_HEAD_ADDRESS_SHIFT + 4);

        return &young->slots[(address ^ address >> YOUNG_BITS) & (YOUNG_SLOTS - 1)];
}

/* The head without its tag and kind. */
static inline uint64_t young_key(uint64_t head)
{
        return head & ~((UINT64_C(1) << WEIR_HEAD_ADDRESS_SHIFT) - 1);
}

static inline void young_count_alloc(struct young_tally *tally, uint64_t size)
{
        tally->allocations++;
        tally->allocated_bytes += size;
        tally->live_bytes += size;
        if (tally->live_bytes > tally->peak_bytes)
                tally->peak_bytes = tally->live_bytes;
}

static inline void young_count_free(struct young_tally *tally, uint64_t size)
{
        tally->frees++;
        tally->live_bytes -= size;
}

/* One ALLOC or FREE record that is neither long nor inherited; of its head only
 * the address counts. */
static inline __attribute__((always_inline)) void young_alloc(struct young *young, uint64_t head, uint64_t body)
{
        struct young_slot *slot = young_slot(young, head);

        if (slot->key != (young_key(head) | YOUNG_GONE)) {
                young_alloc_other(young, head, body);
                return;
        }
        slot->key ^= YOUNG_GONE | YOUNG_LIVE;
        slot->body = body;
        young_count_alloc(&young->tally, young_body_size(body));
}

static inline __attribute__((always_inline)) void young_free(struct young *young, uint64_t head)
{
        struct young_slot *slot = young_slot(young, head);

        if (slot->key != (young_key(head) | YOUNG_LIVE)) {
                young_free_other(young, head);
                return;
        }
        slot->key ^= YOUNG_LIVE | YOUNG_GONE;
        young_count_free(&young->tally, young_body_size(slot->body));
}

/* Brings near what the record with this head will need, a few events ahead. */
static inline __attribute__((always_inline)) void young_prefetch(struct young *young, uint64_t head)
{
        if ((young_slot(young, head)->key ^ head) >> WEIR_HEAD_ADDRESS_SHIFT)
                live_prefetch(young->live, head >> WEIR_HEAD_ADDRESS_SHIFT);
}

#endif
