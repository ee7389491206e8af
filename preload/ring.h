/*
 * ring.h: the producer's side of the event rings (channel.h, "events").
 *
 * Any thread, any signal handler: a record is reserved by one add and
 * published by one release store, and nothing but the collector is waited for.
 * The guard is raised.
 */
#ifndef WEIR_RING_H
#define WEIR_RING_H

#include "channel.h"
#include "guard.h"
#include "hooks.h"
#include "process.h"
#include "thread.h"

enum { RING_AHEAD = 32 }; /* slots between the one that is written and the one asked for */

/* For every record and every state of the process. */
void ring_put_slow(unsigned kind, uint64_t address, uint64_t size, uint32_t stack);

/* The same when `position` is reserved for it, and beyond the ring's limit. */
void ring_put_late(struct process_ring *ring, uint64_t position, unsigned kind, uint64_t address, uint64_t size,
                   uint32_t stack);

/* The calling thread is in no hook, and left one by a longjmp out of a signal
 * handler: as the only thread it finishes what was begun there and never will be,
 * so that nobody waits for it. */
void ring_close_gaps(void);

/* Marks in every ring in use that this fork begins; its number, never 0. */
uint32_t ring_mark_fork(void);

/* Marks in ring 0 that all rings are in use from here on. */
void ring_mark_parallel(void);

/* Single-threaded: one instruction, so a signal handler cannot come between;
 * no other thread writes. */
static inline uint64_t ring_reserve_alone(_Atomic uint64_t *position, uint64_t records)
{
#ifdef __x86_64__
        __asm__ volatile("xaddq %0, %1" : "+r"(records), "+m"(*position) : : "memory", "cc");
        return records;
#else
        return atomic_fetch_add_explicit(position, records, memory_order_relaxed);
#endif
}

/* The body is stored like any variable: nobody looks at it before the head is
 * there, or after its room was given back. */
static inline void ring_publish(struct weir_event *event, uint64_t head, uint64_t body)
{
        __builtin_memcpy((void *)&event->body, &body, sizeof body);
        atomic_store_explicit(&event->head, head, memory_order_release);
}

/* Asks for the line of a slot that will be written soon.  The collector read it last,
 * so a store to it has to wait, and a locked add waits for all stores before it.
 * Where a processor does not know the instruction it does nothing. */
static inline void ring_approach(const struct weir_event *event)
{
#ifdef __x86_64__
        __asm__ volatile("prefetchw %0" : : "m"(*event)); /* the builtin emits it for some processors only */
#else
        __builtin_prefetch(event, 1);
#endif
}

/* Writes an event that fits 16 bytes into its slot. */
static inline __attribute__((always_inline)) void ring_fill(const struct process_ring *ring, uint64_t position,
                                                            unsigned kind, uint64_t address, uint64_t size,
                                                            uint32_t stack)
{
        struct weir_event *event = &ring->events[position & ring->mask];

        ring_approach(event + RING_AHEAD);
        ring_publish(event, (address << WEIR_HEAD_ADDRESS_SHIFT) + weir_tag(position) + kind,
                     size | (uint64_t)stack << WEIR_BODY_SIZE_BITS | thread_local_state.body_bits);
}

/* What fits 16 bytes, when there may be other threads. */
static inline __attribute__((always_inline)) void ring_put_shared(unsigned kind, uint64_t address, uint64_t size,
                                                                  uint32_t stack)
{
        struct process_ring *ring = &process_self->rings[weir_ring_of(address)];
        uint64_t position = atomic_fetch_add_explicit(&ring->position, 1, memory_order_relaxed);

        if (unlikely(position >= atomic_load_explicit(&ring->limit, memory_order_acquire)))
                ring_put_late(ring, position, kind, address, size, stack);
        else
                ring_fill(ring, position, kind, address, size, stack);
}

/* Records one event, where guard_raise said that the process is plain: ALLOC,
 * FREE, MOVE or RESTORE.  Size is in bytes, or the enum weir_function of a FREE
 * or MOVE; stack as unwind_stack gave it, or 0.
 *
 * The limit is the only thing asked about the ring: a ring that is half full,
 * was never used, or belongs to a process that has just been forked is below its
 * limit nowhere.  Whatever is unusual is left to a function, and nothing is
 * done after it: the caller's registers are its own.
 *
 * Budget: 27 instructions, 22 for a release. */
static inline __attribute__((always_inline)) void ring_put_plain(unsigned kind, uint64_t address, uint64_t size,
                                                                 uint32_t stack)
{
        struct process_ring *ring = process_self->rings;
        uint64_t position, limit;

        if (unlikely(address >= process_self->address_end) || unlikely(size >> WEIR_BODY_SIZE_BITS)) {
                ring_put_slow(kind, address, size, stack);
                return;
        }
        if (unlikely(!*process_single)) {
                ring_put_shared(kind, address, size, stack);
                return;
        }
        position = ring_reserve_alone(&ring->position, 1);
        __builtin_memcpy(&limit, (const void *)&ring->limit, sizeof limit); /* nobody else can move it */
        if (unlikely(position >= limit)) {
                ring_put_late(ring, position, kind, address, size, stack);
                return;
        }
        ring_fill(ring, position, kind, address, size, stack);
}

/* The same for a hook that guard_enter answered `entered`. */
static inline __attribute__((always_inline)) void ring_put(uintptr_t entered, unsigned kind, uint64_t address,
                                                           uint64_t size, uint32_t stack)
{
        if (likely(entered == GUARD_OPEN))
                ring_put_plain(kind, address, size, stack);
        else
                ring_put_slow(kind, address, size, stack);
}

#endif
