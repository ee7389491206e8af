/*
 * channel_events.h: the part of channel.h that says what an event is, which
 * ring it goes to, and how it is told from what was there before.
 */
#ifndef WEIR_CHANNEL_EVENTS_H
#define WEIR_CHANNEL_EVENTS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

/* Which ring: 0 while control.parallel == 0, otherwise weir_ring_of(address);
 * MAP, UNMAP and MAP_OWN, which overlap at will, always ring 0.
 * One address therefore always meets one ring, and the order of reservation
 * in it is the true order for that address.  The switch happens once, marked
 * by WEIR_EVENT_PARALLEL in ring 0: the collector reads rings 1..15 only
 * after it met that mark. */
static inline unsigned weir_ring_of(uint64_t address)
{
        uint64_t h = (address >> 20) * UINT64_C(0x9e3779b97f4a7c15);

        return (unsigned)(h >> 60);
}

enum weir_event_kind {
        WEIR_EVENT_NONE = 0,
        WEIR_EVENT_ALLOC = 1,
        WEIR_EVENT_FREE = 2,      /* reserved before the real free */
        WEIR_EVENT_MOVE = 3,      /* realloc's release of the old block, before the real realloc; a RESTORE in
                                     the same ring undoes it; otherwise an ALLOC of the same thread follows */
        WEIR_EVENT_RESTORE = 4,   /* the real realloc failed: the block of this thread's last MOVE is live again */
        WEIR_EVENT_MAP = 5,       /* the program mapped [address, address + size) */
        WEIR_EVENT_UNMAP = 6,     /* [address, address + size) is unmapped, or about to be */
        WEIR_EVENT_MAP_OWN = 7,   /* mapped by the allocator below the hooks: neither block nor root */
        WEIR_EVENT_EXTENDED = 8,  /* the record needs two slots; see below */
        WEIR_EVENT_REST = 9,      /* second slot of an EXTENDED record */
        WEIR_EVENT_FORK = 10,     /* in every ring in use, before fork: body = fork sequence number.  What
                                     comes before it in its ring is in the child's heap, what follows is not */
        WEIR_EVENT_PARALLEL = 11, /* ring 0: from here on all rings are in use */
        WEIR_EVENT_SKIP = 12,     /* reserved, then not needed */
        WEIR_EVENT_IGNORE = 13,   /* the block that holds the address is no leak, nor is what it holds */
};

/* 16 bytes.  `body` first, then `head` with release.
 *
 * head  bits  0..3   enum weir_event_kind, never NONE
 *       bits  4..7   zero
 *       bits  8..16  tag: bits 8..16 of the record's position
 *       bits 17..63  address
 * body  bits  0..19  size in bytes; FREE and MOVE: enum weir_function of the release
 *       bits 20..43  stack
 *       bits 44..63  thread
 *
 * The tag tells a lap of the ring from the one before it: their positions
 * differ in the bit that counts rings of this size, which lies inside of the tag.
 * What a ring holds before its first lap has no kind.
 *
 * A record that does not fit (size >= 2^20, stack >= 2^24, address >= 2^47, and
 * every MAP, UNMAP, MAP_OWN) takes two slots, reserved together, each with its own
 * tag and no thread in its head:
 *
 *   1st head: EXTENDED, tag, bits 17..20 the real kind, bits 21..40 the thread;  body: size in bytes
 *   2nd head: REST, tag, bits 17..48 the stack;                                  body: address
 */
struct weir_event {
        _Atomic uint64_t head;
        _Atomic uint64_t body;
};
_Static_assert(sizeof(struct weir_event) == 16, "event");

enum {
        WEIR_THREAD_NONE = (1 << 20) - 1, /* thread beyond the table */
        WEIR_RING_MIN = 1 << 8,           /* records of a ring: the tag counts */
        WEIR_RING_MAX = 1 << 16,          /* laps of rings between these */
        WEIR_TAG_MASK = 0x1ff00,
        WEIR_HEAD_KIND = 15,
        WEIR_HEAD_ADDRESS_SHIFT = 17,
        WEIR_HEAD_REAL_KIND_SHIFT = 17,
        WEIR_HEAD_REAL_THREAD_SHIFT = 21,
        WEIR_HEAD_STACK_SHIFT = 17,
        WEIR_ADDRESS_BITS = 47,
        WEIR_BODY_SIZE_BITS = 20,
        WEIR_BODY_STACK_BITS = 24,
        WEIR_BODY_THREAD_SHIFT = WEIR_BODY_SIZE_BITS + WEIR_BODY_STACK_BITS,
};

static inline uint64_t weir_tag(uint64_t position)
{
        return position & WEIR_TAG_MASK;
}

/* Whether the head word found in the slot of `position` is that record's. */
static inline bool weir_is_there(uint64_t head, uint64_t position)
{
        return ((head ^ position) & WEIR_TAG_MASK) == 0 && (head & WEIR_HEAD_KIND);
}

#endif
