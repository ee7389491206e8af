/*
 * ring.h: the producer's side of the event rings (channel.h, "events").
 *
 * Any thread, any signal handler: a record is reserved by one add and
 * published by one release store, and nothing but the collector is waited for.
 * The guard is raised and the process is LIVE, DROP or LOST.
 */
#ifndef WEIR_RING_H
#define WEIR_RING_H

#include "channel.h"
#include "hooks.h"
#include "process.h"
#include "thread.h"

/* The record does not fit 16 bytes, or the process is not plainly LIVE. */
void ring_put_slow(unsigned kind, uint64_t address, uint64_t size, uint32_t stack);

/* The ring is at least half full at `position`.  Returns true once the slot
 * may be written, false when the record is lost (and counted). */
bool ring_pressure(unsigned ring, uint64_t position, unsigned kind);

/* Marks in every ring in use that this fork begins; its number, never 0. */
uint32_t ring_mark_fork(void);

/* Marks in ring 0 that all rings are in use from here on. */
void ring_mark_parallel(void);

/* True while no second thread can exist; then the add needs no lock. */
static inline bool ring_is_single(void)
{
        return !atomic_load_explicit(&process_self->parallel, memory_order_relaxed) && *process_self->single;
}

/* Single-threaded: one instruction, so a signal handler cannot come between;
 * no other thread writes, and the collector only reads. */
static inline uint64_t ring_reserve_alone(_Atomic uint64_t *head, uint64_t records)
{
#ifdef __x86_64__
        __asm__ volatile("xaddq %0, %1" : "+r"(records), "+m"(*head) : : "memory", "cc");
        return records;
#else
        return atomic_fetch_add_explicit(head, records, memory_order_relaxed);
#endif
}

static inline void ring_publish(struct weir_event *event, uint64_t head, uint64_t body)
{
        atomic_store_explicit(&event->body, body, memory_order_relaxed);
        atomic_store_explicit(&event->head, head, memory_order_release);
}

/* Records one event.  Size is in bytes, or the enum weir_function of a FREE
 * or MOVE; stack as unwind_stack gave it, or 0.
 * Budget: about 30 instructions, of them one locked when parallel. */
static inline void ring_put(unsigned kind, uint64_t address, uint64_t size, uint32_t stack)
{
        const struct thread *thread = thread_local_state.self;
        struct process *process = process_self;
        unsigned ring = 0;
        uint64_t position, used;
        uint32_t shift;
        struct weir_ring *r;

        if (unlikely((address & UINT64_C(0xffff800000000007)) | (size >> 24) | (stack >> 28) |
                     (process->mode ^ PROCESS_LIVE))) {
                ring_put_slow(kind, address, size, stack);
                return;
        }
        if (likely(ring_is_single())) {
                r = &process->control->rings[0];
                position = ring_reserve_alone(&r->head, 1);
        } else {
                if (unlikely(!process->parallel))
                        process_parallel();
                ring = weir_ring_of(address);
                r = &process->control->rings[ring];
                position = atomic_fetch_add_explicit(&r->head, 1, memory_order_relaxed);
        }
        shift = process->ring_shift[ring != 0];
        /* Relaxed would do for the half-full test; acquire orders the
         * collector's last read of the slot before our write to it. */
        used = position - atomic_load_explicit(&r->tail, memory_order_acquire);
        if (unlikely(used >> (shift - 1)) && !ring_pressure(ring, position, kind))
                return;
        ring_publish(&process->events[ring][position & ((UINT64_C(1) << shift) - 1)],
                     (uint64_t)((position >> shift) % 255 + 1) | (uint64_t)kind << 8 | address << 9 | thread->head_bits,
                     size | (uint64_t)stack << 24 | thread->body_bits);
}

#endif
