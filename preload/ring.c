#include "ring.h"

#include "session.h"

enum {
        LOOK_EVERY = 256,   /* records between two looks at a ring more than half full */
        HELD_UP_WAITS = 50, /* of SESSION_WAIT_MS, for one record */
};

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

static struct weir_ring *shared_of(const struct process_ring *ring)
{
        return &process_self->control->rings[ring - process_self->rings];
}

/* Whether the next record to be read was begun and is not finished. */
static bool is_held_up(const struct process_ring *ring, uint64_t tail)
{
        uint64_t head = atomic_load_explicit(&ring->events[tail & ring->mask].head, memory_order_relaxed);

        if (weir_is_there(head, tail) && (head & WEIR_HEAD_KIND) == WEIR_EVENT_EXTENDED)
                head = atomic_load_explicit(&ring->events[++tail & ring->mask].head, memory_order_relaxed);
        return !weir_is_there(head, tail);
}

/* What a wait for room has seen: all zero at first. */
struct wait {
        struct session_patience patience;
        uint64_t tail;
        unsigned held_up; /* times that `tail` stood still at a record that is not finished */
};

/* To be asked after each fruitless wait: false when the collector is dead or
 * stopped, or when what it waits for will not come: a thread of several that left
 * a hook by a longjmp out of a signal handler, or is in a handler for good, may
 * owe it a record. */
static bool is_worth_waiting(const struct process_ring *ring, uint64_t tail, struct wait *wait)
{
        wait->held_up = tail == wait->tail && is_held_up(ring, tail) ? wait->held_up + 1 : 0;
        wait->tail = tail;
        return wait->held_up < HELD_UP_WAITS && session_is_alive(process_self->session, &wait->patience);
}

/* Waits until `position` may be written.  False when it never may: the process
 * is LOST from then on. */
static bool wait_for_room(const struct process_ring *ring, uint64_t position)
{
        struct weir_ring *shared = shared_of(ring);
        struct wait wait = { 0 };
        bool room = false, wanted = true;

        atomic_fetch_add_explicit(&process_self->control->counters.waits, 1, memory_order_relaxed);
        atomic_fetch_add(&shared->waiters, 1);
        while (wanted) {
                uint32_t drained = atomic_load(&shared->drained);
                uint64_t tail = atomic_load_explicit(&shared->tail, memory_order_acquire);

                room = position - tail <= ring->mask;
                if (room)
                        break;
                session_ring_bell(process_self->session);
                raw_futex_wait(&shared->drained, drained, SESSION_WAIT_MS);
                if (atomic_load_explicit(&shared->tail, memory_order_acquire) == tail)
                        wanted = is_worth_waiting(ring, tail, &wait);
        }
        atomic_fetch_sub(&shared->waiters, 1);
        if (!room)
                process_lose();
        return room;
}

/* Once for each time that it sleeps: it may have to wait for a processor. */
static void wake_collector(void)
{
        _Atomic uint32_t *asleep = &process_self->session->asleep;

        if (atomic_load_explicit(asleep, memory_order_relaxed) && atomic_exchange(asleep, 0))
                session_ring_bell(process_self->session);
}

/* LIVE or DROP; otherwise the record is lost, if there is anybody to miss it. */
static bool is_recording(unsigned kind)
{
        unsigned mode = process_self->mode;

        if (mode == PROCESS_LOST)
                count_loss(kind);
        return mode == PROCESS_LIVE || mode == PROCESS_DROP;
}

/* `position` is beyond the ring's limit.  Returns true once its slot may be
 * written, false when the record is lost (and counted) or nobody wants it.
 * The release with which the limit is stored, and the acquire with which
 * ring_put_shared reads it, order the collector's last read of a slot before
 * the next write to it. */
static bool may_fill(struct process_ring *ring, uint64_t position, unsigned kind)
{
        uint64_t records = ring->mask + 1, tail, used;
        struct weir_ring *shared;

        if (!is_recording(kind))
                return false;
        if (!*process_single && kind != WEIR_EVENT_PARALLEL)
                process_parallel();
        shared = shared_of(ring);
        tail = atomic_load_explicit(&shared->tail, memory_order_acquire);
        used = position - tail;
        if (used >= records) {
                if (wait_for_room(ring, position))
                        return true;
                count_loss(kind);
                return false;
        }
        /* Two threads may set it at once, and the lower limit stay: no harm. */
        if (used < records / 2) {
                atomic_store_explicit(&ring->limit, tail + records / 2, memory_order_release);
                return true;
        }
        /* Half full: the collector is woken, and asked about again after some
         * more records, should it have fallen asleep just then. */
        wake_collector();
        atomic_store_explicit(&ring->limit, tail + used + (records - used < LOOK_EVERY ? records - used : LOOK_EVERY),
                              memory_order_release);
        return true;
}

__attribute__((noinline, cold)) void ring_put_late(struct process_ring *ring, uint64_t position, unsigned kind,
                                                   uint64_t address, uint64_t size, uint32_t stack)
{
        if (may_fill(ring, position, kind))
                ring_fill(ring, position, kind, address, size, stack);
}

/* PROCESS_DROP: whether there is room to reserve at all.  The last quarter is
 * kept for releases, whose loss would show as false leaks, the last sixteenth for
 * threads that looked at the same time. */
static bool has_room(const struct process_ring *ring, unsigned kind)
{
        uint64_t records = ring->mask + 1;
        uint64_t used = atomic_load_explicit(&ring->position, memory_order_relaxed) -
                        atomic_load_explicit(&shared_of(ring)->tail, memory_order_relaxed);

        return used < (kind == WEIR_EVENT_ALLOC ? records - records / 4 : records - records / 16);
}

/* Reserves `count` records together and makes sure that they may be written. */
static bool reserve(struct process_ring *ring, unsigned count, unsigned kind, uint64_t *position)
{
        *position = atomic_fetch_add_explicit(&ring->position, count, memory_order_relaxed);
        return *position + count <= atomic_load_explicit(&ring->limit, memory_order_acquire) ||
               may_fill(ring, *position + count - 1, kind);
}

static void publish(struct process_ring *ring, uint64_t position, uint64_t head, uint64_t body)
{
        ring_publish(&ring->events[position & ring->mask], head | weir_tag(position), body);
}

static void put_extended(struct process_ring *ring, unsigned kind, uint64_t address, uint64_t size, uint32_t stack)
{
        uint64_t number = thread_local_state.body_bits >> WEIR_BODY_THREAD_SHIFT, position;

        if (!reserve(ring, 2, kind, &position))
                return;
        publish(ring, position,
                WEIR_EVENT_EXTENDED | (uint64_t)kind << WEIR_HEAD_REAL_KIND_SHIFT |
                        number << WEIR_HEAD_REAL_THREAD_SHIFT,
                size);
        publish(ring, position + 1, WEIR_EVENT_REST | (uint64_t)stack << WEIR_HEAD_STACK_SHIFT, address);
}

static void put_plain(struct process_ring *ring, unsigned kind, uint64_t address, uint64_t body)
{
        uint64_t position;

        if (reserve(ring, 1, kind, &position))
                publish(ring, position, kind | address << WEIR_HEAD_ADDRESS_SHIFT, body | thread_local_state.body_bits);
}

static bool is_mapping(unsigned kind)
{
        return kind == WEIR_EVENT_MAP || kind == WEIR_EVENT_UNMAP || kind == WEIR_EVENT_MAP_OWN;
}

static bool fits(unsigned kind, uint64_t address, uint64_t size, uint32_t stack)
{
        return !is_mapping(kind) && !(address >> WEIR_ADDRESS_BITS) && !(size >> WEIR_BODY_SIZE_BITS) &&
               !(stack >> WEIR_BODY_STACK_BITS);
}

__attribute__((noinline)) void ring_put_slow(unsigned kind, uint64_t address, uint64_t size, uint32_t stack)
{
        struct process_ring *ring = process_self->rings;

        if (!is_recording(kind))
                return;
        if (!*process_single) {
                process_parallel();
                ring += is_mapping(kind) ? 0 : weir_ring_of(address);
        }
        if (process_self->mode == PROCESS_DROP && !has_room(ring, kind)) {
                wake_collector();
                count_loss(kind);
        } else if (fits(kind, address, size, stack)) {
                put_plain(ring, kind, address, size | (uint64_t)stack << WEIR_BODY_SIZE_BITS);
        } else {
                put_extended(ring, kind, address, size, stack);
        }
}

void ring_close_gaps(void)
{
        struct process_ring *ring = process_self->rings;
        uint64_t position, at;

        if (!*process_single || !process_self->control)
                return;
        position = atomic_load_explicit(&ring->position, memory_order_relaxed);
        for (at = atomic_load_explicit(&shared_of(ring)->tail, memory_order_acquire); at < position; at++) {
                const struct weir_event *event = &ring->events[at & ring->mask];

                if (!weir_is_there(atomic_load_explicit(&event->head, memory_order_relaxed), at) &&
                    may_fill(ring, at, WEIR_EVENT_SKIP))
                        publish(ring, at, WEIR_EVENT_SKIP, 0);
        }
}

/* A mark has no address, and its body is the number alone. */
static void put_mark(struct process_ring *ring, unsigned kind, uint64_t number)
{
        uint64_t position;

        if (reserve(ring, 1, kind, &position))
                publish(ring, position, kind, number);
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
                put_mark(&process_self->rings[ring], WEIR_EVENT_FORK, number);
        return number;
}

void ring_mark_parallel(void)
{
        put_mark(process_self->rings, WEIR_EVENT_PARALLEL, 0);
}
