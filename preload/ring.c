#include "ring.h"

#include "session.h"

static void count_loss(unsigned kind)
{
        struct weir_losses *lost = &process_self->control->lost;

        switch (kind) {
        case WEIR_EVENT_ALLOC:
                atomic_fetch_add_explicit(&lost->allocations, 1, memory_order_relaxed);
                break;
        case WEIR_EVENT_FREE:
        case WEIR_EVENT_MOVE:
        case WEIR_EVENT_RESTORE:
                atomic_fetch_add_explicit(&lost->releases, 1, memory_order_relaxed);
                break;
        default:
                atomic_fetch_add_explicit(&lost->mappings, 1, memory_order_relaxed);
        }
}

static uint64_t ring_records(unsigned ring)
{
        return UINT64_C(1) << process_self->ring_shift[ring != 0];
}

/* Waits until `position` may be written.  False when the collector is dead or
 * stopped: the process is LOST from then on. */
static bool wait_for_room(struct weir_ring *ring, uint64_t position, uint64_t records)
{
        struct session_patience patience = {0};

        atomic_fetch_add_explicit(&process_self->control->counters.waits, 1, memory_order_relaxed);
        atomic_fetch_add(&ring->waiters, 1);
        for (;;) {
                uint32_t drained = atomic_load(&ring->drained);

                if (position - atomic_load_explicit(&ring->tail, memory_order_acquire) < records)
                        break;
                session_ring_bell(process_self->session);
                raw_futex_wait(&ring->drained, drained, SESSION_WAIT_MS);
                if (position - atomic_load_explicit(&ring->tail, memory_order_acquire) < records)
                        break;
                if (!session_is_alive(process_self->session, &patience)) {
                        atomic_fetch_sub(&ring->waiters, 1);
                        atomic_store(&process_self->mode, PROCESS_LOST);
                        return false;
                }
        }
        atomic_fetch_sub(&ring->waiters, 1);
        return true;
}

__attribute__((noinline, cold)) bool ring_pressure(unsigned ring, uint64_t position, unsigned kind)
{
        struct weir_ring *r = &process_self->control->rings[ring];
        uint64_t records = ring_records(ring);
        uint64_t used = position - atomic_load_explicit(&r->tail, memory_order_acquire);

        if (used >= records) {
                if (wait_for_room(r, position, records))
                        return true;
                count_loss(kind);
                return false;
        }
        /* Whoever crosses the middle wakes the collector, and then one in 256,
         * should it have fallen asleep just then. */
        if ((used == records / 2 || (position & 255) == 0) &&
            atomic_load_explicit(&process_self->session->asleep, memory_order_relaxed))
                session_ring_bell(process_self->session);
        return true;
}

/* PROCESS_DROP: whether there is room to reserve at all.  The last quarter is
 * kept for releases, whose loss would show as false leaks, the last sixteenth for
 * threads that looked at the same time. */
static bool has_room(struct weir_ring *ring, uint64_t records, unsigned kind)
{
        uint64_t used = atomic_load_explicit(&ring->head, memory_order_relaxed) -
                        atomic_load_explicit(&ring->tail, memory_order_relaxed);

        return used < (kind == WEIR_EVENT_ALLOC ? records - records / 4 : records - records / 16);
}

/* Reserves `count` records together and makes sure that they may be written. */
static bool reserve(unsigned ring, unsigned count, unsigned kind, uint64_t *position)
{
        struct weir_ring *r = &process_self->control->rings[ring];
        uint64_t records = ring_records(ring), last;

        *position = atomic_fetch_add_explicit(&r->head, count, memory_order_relaxed);
        last = *position + count - 1;
        if (last - atomic_load_explicit(&r->tail, memory_order_acquire) < records / 2)
                return true;
        return ring_pressure(ring, last, kind);
}

static struct weir_event *slot(unsigned ring, uint64_t position)
{
        return &process_self->events[ring][position & (ring_records(ring) - 1)];
}

static uint64_t tag(unsigned ring, uint64_t position)
{
        return weir_tag(position, (uint32_t)ring_records(ring));
}

static void put_extended(unsigned ring, unsigned kind, uint64_t address, uint64_t size, uint32_t stack)
{
        const struct thread *thread = thread_local_state.self;
        uint64_t position;

        if (!reserve(ring, 2, kind, &position))
                return;
        ring_publish(slot(ring, position),
                     tag(ring, position) | WEIR_EVENT_EXTENDED << 8 | (uint64_t)kind << 12 | thread->head_bits, size);
        ring_publish(slot(ring, position + 1),
                     tag(ring, position + 1) | WEIR_EVENT_REST << 8 | (uint64_t)stack << 12 |
                             thread->body_bits >> 52 << 44,
                     address);
}

static void put_plain(unsigned ring, unsigned kind, uint64_t address, uint64_t body)
{
        const struct thread *thread = thread_local_state.self;
        uint64_t position;

        if (!reserve(ring, 1, kind, &position))
                return;
        ring_publish(slot(ring, position),
                     tag(ring, position) | (uint64_t)kind << 8 | address << 9 | thread->head_bits,
                     body | thread->body_bits);
}

static bool is_mapping(unsigned kind)
{
        return kind == WEIR_EVENT_MAP || kind == WEIR_EVENT_UNMAP || kind == WEIR_EVENT_MAP_OWN;
}

static bool fits(unsigned kind, uint64_t address, uint64_t size, uint32_t stack)
{
        return !is_mapping(kind) && !(address & UINT64_C(0xffff800000000007)) && !(size >> 24) && !(stack >> 28);
}

__attribute__((noinline)) void ring_put_slow(unsigned kind, uint64_t address, uint64_t size, uint32_t stack)
{
        unsigned ring = 0, mode = process_self->mode;

        if (mode != PROCESS_LIVE && mode != PROCESS_DROP) {
                if (mode == PROCESS_LOST)
                        count_loss(kind);
                return;
        }
        if (!ring_is_single()) {
                process_parallel();
                ring = is_mapping(kind) ? 0 : weir_ring_of(address);
        }
        if (mode == PROCESS_DROP && !has_room(&process_self->control->rings[ring], ring_records(ring), kind)) {
                count_loss(kind);
                return;
        }
        if (fits(kind, address, size, stack))
                put_plain(ring, kind, address, size | (uint64_t)stack << 24);
        else
                put_extended(ring, kind, address, size, stack);
}

/* A mark has no address, and its body is the number alone. */
static void put_mark(unsigned ring, unsigned kind, uint64_t number)
{
        uint64_t position;

        if (!reserve(ring, 1, kind, &position))
                return;
        ring_publish(slot(ring, position), tag(ring, position) | (uint64_t)kind << 8, number);
}

uint32_t ring_mark_fork(void)
{
        struct weir_control *control = process_self->control;
        unsigned rings = atomic_load(&process_self->parallel) ? WEIR_RINGS : 1;
        uint32_t number;

        do
                number = atomic_fetch_add(&control->fork_sequence_last, 1) + 1;
        while (number == 0);
        for (unsigned ring = 0; ring < rings; ring++)
                put_mark(ring, WEIR_EVENT_FORK, number);
        return number;
}

void ring_mark_parallel(void)
{
        put_mark(0, WEIR_EVENT_PARALLEL, 0);
}
