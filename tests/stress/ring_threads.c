/*
 * The shim's rings and the collector's reading of them in one program, for a
 * build with ThreadSanitizer: several producers, who pass addresses to each
 * other, and the collector as one more thread.
 *
 * The body of an event is stored as an ordinary variable.  So a missing order
 * between a record's publication and its reading, or between its reading and the
 * next record in its slot, is a data race; and an order that is wrong for an
 * address shows in the table of live blocks.
 */
#include "../../preload/process.h"
#include "../../preload/ring.h"
#include "../../preload/session.h"
#include "../../preload/thread.h"

#include "ring_reader.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { PRODUCERS = 3, ROUNDS = 15000, ADDRESSES = 48 };

/* What the rings find in the shim. */
union process_page process_page;
__thread struct thread_local_state thread_local_state;
static const char many_threads;
const char *process_single = &many_threads;

void process_parallel(void)
{
        static _Atomic bool marked;

        if (!atomic_exchange(&marked, true)) {
                ring_mark_parallel();
                atomic_store(&process_self->control->parallel, 1);
        }
}

static const struct weir_layout layout = {
        .threads = 256, .notes_bytes = 1 << 15, .ring0_records = 256, .ring_records = 256, .nodes = 256
};
static struct weir_session session;
static _Atomic unsigned running = PRODUCERS;

/* An allocator: whoever takes an address away from here has it. */
static _Atomic uint64_t heap[ADDRESSES];
static _Atomic uint64_t owner[ADDRESSES]; /* size of the live block, 0 = none */

static struct weir_control *open_channel(void)
{
        char *base = mmap(NULL, weir_channel_size(&layout), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        struct process *p = process_self;

        if (base == MAP_FAILED)
                abort();
        p->control = (struct weir_control *)(void *)base;
        p->control->magic = WEIR_CHANNEL_MAGIC;
        p->control->version = WEIR_CHANNEL_VERSION;
        p->control->pid = getpid();
        p->control->layout = layout;
        p->control->next_thread = PRODUCERS;
        p->session = &session;
        p->address_end = UINT64_C(1) << WEIR_ADDRESS_BITS;
        p->mode = PROCESS_LIVE;
        for (unsigned r = 0; r < WEIR_RINGS; r++) {
                p->rings[r].events = (struct weir_event *)(void *)(base + weir_ring_offset(&layout, r));
                p->rings[r].mask = weir_ring_records(&layout, r) - 1;
        }
        return p->control;
}

static uint32_t draw(uint64_t *state, uint32_t below)
{
        *state ^= *state << 13;
        *state ^= *state >> 7;
        *state ^= *state << 17;
        return (uint32_t)(*state >> 32) % below;
}

static uint64_t address_of(unsigned i)
{
        /* Several in each megabyte, in several megabytes. */
        return UINT64_C(0x7f0000000000) + ((uint64_t)(i / 4) << 20) + i % 4 * 64;
}

static void put(unsigned kind, uint64_t address, uint64_t size)
{
        ring_put(GUARD_OPEN, kind, address, size, kind == WEIR_EVENT_ALLOC ? 7 : 0);
}

/* The order of the hooks: an allocation is recorded once the address is one's
 * own, a release while it still is. */
static void take(unsigned i, uint64_t size)
{
        uint64_t address = atomic_exchange_explicit(&heap[i], 0, memory_order_acquire);

        if (!address)
                return;
        put(WEIR_EVENT_ALLOC, address, size);
        atomic_store_explicit(&owner[i], size, memory_order_release);
}

static void give(unsigned i)
{
        if (!atomic_exchange_explicit(&owner[i], 0, memory_order_acquire))
                return;
        put(WEIR_EVENT_FREE, address_of(i), WEIR_FN_FREE);
        atomic_store_explicit(&heap[i], address_of(i), memory_order_release);
}

static void *produce(void *number)
{
        uint64_t state = (uintptr_t)number * UINT64_C(0x9e3779b97f4a7c15);

        thread_local_state.body_bits = ((uint64_t)(uintptr_t)number - 1) << WEIR_BODY_THREAD_SHIFT;
        for (unsigned round = 0; round < ROUNDS; round++) {
                unsigned i = draw(&state, ADDRESSES);

                take(i, 1 + draw(&state, round % 100 ? 5000 : 5000000));
                give(draw(&state, 2) ? i : draw(&state, ADDRESSES));
        }
        atomic_fetch_sub(&running, 1);
        return NULL;
}

static void *collect(void *reader)
{
        bool last = false;

        while (!last) {
                last = !atomic_load(&running);
                session.heartbeat++;
                atomic_store(&session.asleep, 1);
                reader_drain(reader, false);
                atomic_store(&session.asleep, 0);
        }
        return NULL;
}

static unsigned compare(const struct reader *reader)
{
        struct reader_totals totals = reader_totals(reader);
        unsigned wrong = totals.defects != 0;
        size_t live = 0;

        for (unsigned i = 0; i < ADDRESSES; i++) {
                wrong += reader_size_at(reader, address_of(i)) != owner[i];
                live += owner[i] != 0;
        }
        wrong += totals.live != live;
        printf("%llu events, %llu waits, %zu blocks live, %u differences\n", (unsigned long long)totals.events,
               (unsigned long long)process_self->control->counters.waits, live, wrong);
        return wrong;
}

int main(void)
{
        struct weir_control *control = open_channel();
        struct reader *reader = reader_create(control, weir_channel_size(&layout));
        pthread_t threads[PRODUCERS + 1];
        unsigned wrong;

        if (!reader)
                return 2;
        for (unsigned i = 0; i < ADDRESSES; i++)
                heap[i] = address_of(i);
        pthread_create(&threads[PRODUCERS], NULL, collect, reader);
        for (uintptr_t i = 0; i < PRODUCERS; i++)
                pthread_create(&threads[i], NULL, produce, (void *)(i + 1));
        for (unsigned i = 0; i <= PRODUCERS; i++)
                pthread_join(threads[i], NULL);
        reader_drain(reader, true);
        wrong = compare(reader);
        reader_destroy(reader);
        return wrong != 0;
}
