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
#include "hooks.h"
#include "process.h"
#include "thread.h"

/* For every record and every state of the process. */
void ring_put_slow(unsigned kind, uint64_t address, uint64_t size, uint32_t stack);

/* `position` is beyond the ring's limit.  Returns true once its slot may be
 * written, false when the record is lost (and counted) or nobody wants it. */
bool ring_pressure(struct process_ring *ring, uint64_t position, unsigned kind);

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

static inline void ring_publish(struct weir_event *event, uint64_t head, uint64_t body)
{
        atomic_store_explicit(&event->body, body, memory_order_relaxed);
        atomic_store_explicit(&event->head, head, memory_order_release);
}

/* Records one event: ALLOC, FREE, MOVE or RESTORE.  Size is in bytes, or the
 * enum weir_function of a FREE or MOVE; stack as unwind_stack gave it, or 0.
 *
 * The limit is the only thing asked about the ring: a ring that is half full,
 * was never used, or belongs to a process that has just been forked is below its
 * limit nowhere.  Acquire, with the release in ring_pressure: the collector's
 * last read of the slot comes before our write to it.
 *
 * Budget: 25 instructions; five more and one of them locked when parallel. */
static inline __attribute__((always_inline)) void ring_put(unsigned kind, uint64_t address, uint64_t size,
                                                           uint32_t stack)
{
        const struct thread *thread = thread_local_state.self;
        struct process_ring *ring = process_self->rings;
        struct weir_event *event;
        uint64_t position;

        if (unlikely(process_self->mode != PROCESS_LIVE) || unlikely(address >> WEIR_ADDRESS_BITS) ||
            unlikely(size >> WEIR_BODY_SIZE_BITS)) {
                ring_put_slow(kind, address, size, stack);
                return;
        }
        if (likely(*process_single)) {
                position = ring_reserve_alone(&ring->position, 1);
        } else {
                ring += weir_ring_of(address);
                position = atomic_fetch_add_explicit(&ring->position, 1, memory_order_relaxed);
        }
        if (unlikely(position >= atomic_load_explicit(&ring->limit, memory_order_acquire)) &&
            !ring_pressure(ring, position, kind))
                return;
        event = &ring->events[position & ring->mask];
        ring_publish(event, (address << WEIR_HEAD_ADDRESS_SHIFT | thread->head_bits) + weir_tag(position) + kind,
                     size | (uint64_t)stack << WEIR_BODY_SIZE_BITS | thread->body_bits);
}

#endif
