/*
 * The shim's side of the channel against an independent reading of channel.h:
 * every kind of record, at every edge of what fits 16 bytes, over many laps,
 * from several threads, with a full ring, without a collector.
 */
#include "suite.h"

#include "../../preload/note.h"
#include "../../preload/process.h"
#include "../../preload/ring.h"
#include "../../preload/session.h"
#include "../../preload/thread.h"

#include <linux/futex.h>
#include <pthread.h>
#include <string.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <unistd.h>

/* What ring.c and note.c find in the shim. */
union process_page process_page;
__thread struct thread_local_state thread_local_state;
static char single = 1;
const char *process_single = &single;
static uintptr_t entered = GUARD_OPEN;
static unsigned parallel_calls;

void process_parallel(void)
{
        parallel_calls++;
        process_self->parallel = 1;
}

static const struct weir_layout small = {
        .threads = 256, .notes_bytes = 1 << 15, .ring0_records = 1024, .ring_records = 256, .nodes = 256
};
static struct weir_session *session;

static void set_thread(struct thread *t, uint32_t number)
{
        thread_local_state.body_bits = (uint64_t)number << 44;
        thread_local_state.self = t;
}

static void open_channel(struct thread *t)
{
        struct process *p = process_self;
        char *base = mmap(NULL, weir_channel_size(&small), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

        ck_assert(base != MAP_FAILED);
        memset(p, 0, sizeof *p);
        session = session ? session : calloc(1, sizeof *session);
        session->alive = 0;
        p->session = session;
        single = 1;
        p->control = (struct weir_control *)base;
        p->control->layout = small;
        p->notes = base + weir_notes_offset(&small);
        for (unsigned r = 0; r < WEIR_RINGS; r++) {
                p->rings[r].events = (struct weir_event *)(base + weir_ring_offset(&small, r));
                p->rings[r].mask = (r ? small.ring_records : small.ring0_records) - 1;
        }
        p->mode = PROCESS_LIVE;
        entered = GUARD_OPEN;
        p->address_end = UINT64_C(1) << WEIR_ADDRESS_BITS;
        parallel_calls = 0;
        set_thread(t, 0);
}

static void close_channel(void)
{
        munmap(process_self->control, weir_channel_size(&small));
}

/* ---- an independent reader ------------------------------------------------- */

struct record {
        unsigned kind;
        uint64_t address, size;
        uint32_t stack, thread;
};

/* Reads the next record of a ring and gives its slots back; false when there
 * is none that is complete. */
static bool take(unsigned ring, struct record *out)
{
        struct weir_ring *r = &process_self->control->rings[ring];
        uint32_t records = ring ? small.ring_records : small.ring0_records;
        uint64_t at = r->tail, head, body;
        struct weir_event *e = &process_self->rings[ring].events[at % records];

        head = atomic_load_explicit(&e->head, memory_order_acquire);
        body = e->body;
        if (!(head & 15) || (head & 0x1ff00) != (at & 0x1ff00))
                return false;
        out->kind = head & 15;
        if (out->kind == WEIR_EVENT_EXTENDED) {
                const struct weir_event *rest = &process_self->rings[ring].events[(at + 1) % records];
                uint64_t second = atomic_load_explicit(&rest->head, memory_order_acquire);

                if (!(second & 15) || (second & 0x1ff00) != ((at + 1) & 0x1ff00))
                        return false;
                ck_assert_uint_eq(second & 15, WEIR_EVENT_REST);
                ck_assert_uint_eq(second >> 49, 0);
                ck_assert_uint_eq(head >> 41, 0);
                out->kind = head >> 17 & 15;
                out->size = body;
                out->stack = (uint32_t)(second >> 17);
                out->thread = (uint32_t)(head >> 21 & 0xfffff);
                out->address = rest->body;
                at++;
        } else {
                out->address = head >> 17;
                ck_assert_uint_eq(head >> 4 & 15, 0);
                out->size = body & 0xfffff;
                out->stack = (uint32_t)(body >> 20 & 0xffffff);
                out->thread = (uint32_t)(body >> 44);
        }
        atomic_store_explicit(&r->tail, at + 1, memory_order_release);
        return true;
}

static void check_record(unsigned kind, uint64_t address, uint64_t size, uint32_t stack, uint32_t thread)
{
        struct thread *t = thread_local_state.self;
        uint64_t before = process_self->rings[0].position;
        bool plain = size < 1 << 20 && stack < 1 << 24 && address >> 47 == 0;
        struct record got;

        set_thread(t, thread);
        if (kind == WEIR_EVENT_MAP || kind == WEIR_EVENT_UNMAP || kind == WEIR_EVENT_MAP_OWN) {
                ring_put_slow(kind, address, size, stack);
                plain = false;
        } else if (stack >> 24) { /* more than any stack table has */
                ring_put_slow(kind, address, size, stack);
        } else {
                ring_put(entered, kind, address, size, stack);
        }
        ck_assert_uint_eq(process_self->rings[0].position, before + (plain ? 1 : 2));
        ck_assert(take(0, &got));
        ck_assert_uint_eq(got.kind, kind);
        ck_assert_uint_eq(got.address, address);
        ck_assert_uint_eq(got.size, size);
        ck_assert_uint_eq(got.stack, stack);
        ck_assert_uint_eq(got.thread, thread);
}

START_TEST(every_kind_survives_at_every_edge)
{
        static const unsigned kinds[] = { WEIR_EVENT_ALLOC, WEIR_EVENT_FREE,  WEIR_EVENT_MOVE,   WEIR_EVENT_RESTORE,
                                          WEIR_EVENT_MAP,   WEIR_EVENT_UNMAP, WEIR_EVENT_MAP_OWN };
        static const uint64_t addresses[] = { 8,     0x7fffffffffe0, 0x7ffffffffff8, 0x800000000000, 0xffffffffff600000,
                                              0x1001 };
        static const uint64_t sizes[] = { 0, 1, (1 << 20) - 1, 1 << 20, UINT64_C(1) << 40, UINT64_MAX };
        static const uint32_t stacks[] = { 0, 1, (1u << 24) - 1, 1u << 24, UINT32_MAX };
        static const uint32_t threads[] = { 0, 1, 0xffff, 0x10000, 4096, WEIR_THREAD_NONE };
        struct thread t = { 0 };

        open_channel(&t);
        /* Enough records for several laps, so every tag check is met as well. */
        for (unsigned k = 0; k < sizeof kinds / sizeof kinds[0]; k++)
                for (unsigned a = 0; a < sizeof addresses / sizeof addresses[0]; a++)
                        for (unsigned s = 0; s < sizeof sizes / sizeof sizes[0]; s++)
                                for (unsigned i = 0; i < sizeof stacks / sizeof stacks[0]; i++)
                                        for (unsigned n = 0; n < sizeof threads / sizeof threads[0]; n++)
                                                check_record(kinds[k], addresses[a], sizes[s], stacks[i], threads[n]);
        close_channel();
}
END_TEST

START_TEST(tags_tell_laps_apart)
{
        for (uint64_t records = WEIR_RING_MIN; records <= WEIR_RING_MAX; records *= 2)
                for (uint64_t lap = 0; lap < 1000; lap++) {
                        uint64_t position = lap * records + lap % records, head = weir_tag(position) | WEIR_EVENT_FREE;

                        ck_assert(weir_is_there(head | ~(uint64_t)0x1ffff, position));
                        ck_assert(!weir_is_there(head, position + records));
                        ck_assert(!weir_is_there(head & ~UINT64_C(15), position));
                }
        for (uint64_t position = 0; position < WEIR_RING_MAX; position++)
                ck_assert(!weir_is_there(0, position));
}
END_TEST

START_TEST(marks_stand_in_every_ring_in_use)
{
        struct thread t = { 0 };
        struct record got;
        uint32_t number;

        open_channel(&t);
        number = ring_mark_fork();
        ck_assert_uint_eq(number, 1);
        ck_assert(take(0, &got));
        ck_assert_uint_eq(got.kind, WEIR_EVENT_FORK);
        ck_assert_uint_eq(got.size, number);
        ck_assert_uint_eq(process_self->rings[1].position, 0);

        ring_mark_parallel();
        ck_assert(take(0, &got));
        ck_assert_uint_eq(got.kind, WEIR_EVENT_PARALLEL);
        process_self->parallel = 1;
        single = 0;
        number = ring_mark_fork();
        for (unsigned ring = 0; ring < WEIR_RINGS; ring++) {
                ck_assert(take(ring, &got));
                ck_assert_uint_eq(got.kind, WEIR_EVENT_FORK);
                ck_assert_uint_eq(got.size, number);
                ck_assert(!take(ring, &got));
        }
        close_channel();
}
END_TEST

START_TEST(a_thread_made_behind_our_back_is_noticed)
{
        struct thread t = { 0 };

        open_channel(&t);
        ring_put(entered, WEIR_EVENT_ALLOC, UINT64_C(0x100000000), 1, 1);
        ck_assert_uint_eq(parallel_calls, 0);
        single = 0; /* as libc does before it makes its first thread */
        ring_put(entered, WEIR_EVENT_ALLOC, UINT64_C(0x100000000), 1, 1);
        ck_assert_uint_eq(parallel_calls, 1);
        ck_assert_uint_eq(process_self->rings[0].position, 1);
        ck_assert_uint_eq(process_self->rings[weir_ring_of(UINT64_C(0x100000000))].position, 1);
        close_channel();
}
END_TEST

START_TEST(a_full_ring_drops_when_told_to_and_keeps_room_for_releases)
{
        struct thread t = { 0 };
        uint64_t kept;

        open_channel(&t);
        process_self->mode = PROCESS_DROP;
        entered = 0;
        for (unsigned i = 0; i < 2000; i++)
                ring_put(entered, WEIR_EVENT_ALLOC, 16 * i + 16, 1, 1);
        kept = process_self->rings[0].position;
        ck_assert_uint_eq(kept, 768);
        ck_assert_uint_eq(process_self->control->lost.allocations, 2000 - kept);
        for (unsigned i = 0; i < 2000; i++)
                ring_put(entered, WEIR_EVENT_FREE, 16 * i + 16, WEIR_FN_FREE, 0);
        ck_assert_uint_eq(process_self->rings[0].position, 960);
        ck_assert_uint_eq(process_self->control->lost.releases, 2000 - (960 - kept));
        close_channel();
}
END_TEST

START_TEST(a_dead_collector_is_not_waited_for)
{
        struct thread t = { 0 };

        open_channel(&t);
        session->alive = FUTEX_OWNER_DIED;
        for (unsigned i = 0; i < 3000; i++)
                ring_put(entered, WEIR_EVENT_ALLOC, 16 * i + 16, 1, 1);
        ck_assert_uint_eq(process_self->mode, PROCESS_LOST);
        ck_assert_uint_eq(process_self->control->lost.allocations, 3000 - 1024);
        ck_assert_uint_eq(process_self->control->counters.waits, 1);
        close_channel();
}
END_TEST

static void put_one(uint64_t address)
{
        ring_put(entered, WEIR_EVENT_ALLOC, address, 1, 1);
}

START_TEST(a_record_that_nobody_will_finish_is_skipped)
{
        struct thread t = { 0 };
        struct record got;

        open_channel(&t);
        put_one(16);
        process_self->rings[0].position += 2;
        put_one(32);
        single = 0; /* it may be another thread's */
        ring_close_gaps();
        ck_assert(take(0, &got));
        ck_assert(!take(0, &got));
        single = 1;
        ring_close_gaps();
        for (unsigned i = 0; i < 2; i++)
                ck_assert(take(0, &got) && got.kind == WEIR_EVENT_SKIP);
        ck_assert(take(0, &got) && got.address == 32);
        ck_assert(!take(0, &got));
        close_channel();
}
END_TEST

static atomic_bool beating;

static void *beat(void *heartbeat)
{
        while (beating) {
                atomic_fetch_add((_Atomic uint64_t *)heartbeat, 1);
                usleep(20000);
        }
        return NULL;
}

static pthread_t begin_beating(void)
{
        pthread_t collector;

        beating = true;
        pthread_create(&collector, NULL, beat, &session->heartbeat);
        return collector;
}

static void end_beating(pthread_t collector)
{
        beating = false;
        pthread_join(collector, NULL);
}

START_TEST(a_record_that_never_comes_is_not_waited_for_for_ever)
{
        struct thread t = { 0 };
        pthread_t collector;
        struct record got;

        open_channel(&t);
        collector = begin_beating();
        put_one(16);
        process_self->rings[0].position++;
        ck_assert(take(0, &got));
        for (unsigned i = 0; i < 3000; i++)
                put_one(16 * i + 32);
        end_beating(collector);
        ck_assert_uint_eq(process_self->mode, PROCESS_LOST);
        ck_assert_uint_eq(process_self->control->lost.allocations, 3000 - 1023);
        close_channel();
}
END_TEST

START_TEST(a_note_that_never_comes_is_not_waited_for_for_ever)
{
        static const char text[1000];
        const struct note_piece piece = { text, sizeof text };
        struct thread t = { 0 };
        pthread_t collector;

        open_channel(&t);
        collector = begin_beating();
        process_self->control->notes_head = 64;
        for (unsigned i = 0; i < 40; i++)
                note_send(WEIR_NOTE_MESSAGE, 0, &piece, 1);
        end_beating(collector);
        ck_assert_uint_eq(process_self->mode, PROCESS_LOST);
        ck_assert_uint_eq(process_self->control->lost.notes, 40 - ((1 << 15) - 64) / (sizeof(struct weir_note) + 1000));
        close_channel();
}
END_TEST

/* ---- several producers ------------------------------------------------------ */

enum { PRODUCERS = 3, BLOCKS = 20000 };

static void *produce(void *number)
{
        struct thread t = { 0 };
        uint32_t n = (uint32_t)(uintptr_t)number;

        set_thread(&t, n);
        for (uint64_t i = 0; i < BLOCKS; i++) {
                /* One megabyte apart: all rings are met. */
                uint64_t address = (n + 1) * (UINT64_C(1) << 40) + (i % 64 << 20);

                ring_put(entered, WEIR_EVENT_ALLOC, address, i, n);
                if (i % 5 == 0)
                        ring_put_slow(WEIR_EVENT_MAP, address + 4096, 4096, n);
                ring_put(entered, WEIR_EVENT_FREE, address, WEIR_FN_FREE, 0);
        }
        return NULL;
}

START_TEST(every_event_arrives_once_and_in_order_for_its_address)
{
        struct thread t = { 0 };
        pthread_t producers[PRODUCERS];
        uint64_t allocs = 0, frees = 0, maps = 0;
        bool live[PRODUCERS][64] = { 0 };

        open_channel(&t);
        process_self->parallel = 1;
        single = 0;
        for (uintptr_t i = 0; i < PRODUCERS; i++)
                ck_assert_int_eq(pthread_create(&producers[i], NULL, produce, (void *)i), 0);
        while (frees < (uint64_t)PRODUCERS * BLOCKS) {
                session->heartbeat++;
                for (unsigned ring = 0; ring < WEIR_RINGS; ring++) {
                        struct weir_ring *r = &process_self->control->rings[ring];
                        struct record got;

                        while (take(ring, &got)) {
                                bool *block = &live[(got.address >> 40) - 1][got.address >> 20 & 63];

                                ck_assert_uint_eq(got.thread, (got.address >> 40) - 1);
                                ck_assert_uint_eq(ring, got.kind == WEIR_EVENT_MAP ? 0 : weir_ring_of(got.address));
                                if (got.kind == WEIR_EVENT_MAP) {
                                        maps++;
                                        continue;
                                }
                                ck_assert_int_eq(*block, got.kind == WEIR_EVENT_FREE);
                                *block = got.kind == WEIR_EVENT_ALLOC;
                                allocs += got.kind == WEIR_EVENT_ALLOC;
                                frees += got.kind == WEIR_EVENT_FREE;
                        }
                        if (r->waiters) {
                                r->drained++;
                                raw_futex_wake(&r->drained, 1000);
                        }
                }
        }
        for (unsigned i = 0; i < PRODUCERS; i++)
                pthread_join(producers[i], NULL);
        ck_assert_uint_eq(allocs, (uint64_t)PRODUCERS * BLOCKS);
        ck_assert_uint_eq(maps, (uint64_t)PRODUCERS * BLOCKS / 5);
        close_channel();
}
END_TEST

/* ---- notes ------------------------------------------------------------------ */

START_TEST(notes_wrap_and_come_back_whole)
{
        struct thread t = { 0 };
        char text[3000], got[sizeof text];

        open_channel(&t);
        for (unsigned round = 0; round < 100; round++) {
                struct weir_control *c = process_self->control;
                uint32_t mask = small.notes_bytes - 1;
                size_t length = round * 29 % sizeof text, half = length / 2;
                const struct note_piece pieces[] = { { text, half }, { text + half, length - half } };
                struct weir_note *note = (struct weir_note *)(process_self->notes + (c->notes_tail & mask));
                uint32_t commit;

                memset(text, 'a' + round % 26, sizeof text);
                note_send(WEIR_NOTE_MESSAGE, round, pieces, 2);
                commit = note->commit;
                ck_assert_uint_eq(commit, WEIR_NOTE_COMMIT | ((sizeof *note + length + 7) & ~UINT32_C(7)));
                ck_assert_uint_eq(note->kind, WEIR_NOTE_MESSAGE);
                for (size_t i = 0; i < length; i++)
                        got[i] = process_self->notes[(c->notes_tail + sizeof *note + i) & mask];
                ck_assert(!memcmp(got, text, length));
                for (uint32_t i = 0; i < (commit & ~WEIR_NOTE_COMMIT); i++)
                        process_self->notes[(c->notes_tail + i) & mask] = 0;
                c->notes_tail += commit & ~WEIR_NOTE_COMMIT;
        }
        close_channel();
}
END_TEST

START_TEST(a_note_that_cannot_fit_is_counted)
{
        static char huge[1 << 15];
        struct thread t = { 0 };
        const struct note_piece piece = { huge, sizeof huge };

        open_channel(&t);
        note_send(WEIR_NOTE_MESSAGE, 0, &piece, 1);
        ck_assert_uint_eq(process_self->control->lost.notes, 1);
        ck_assert_uint_eq(process_self->control->notes_head, 0);
        close_channel();
}
END_TEST

/* ---- layout ------------------------------------------------------------------ */

START_TEST(parts_of_a_channel_do_not_overlap)
{
        const struct weir_layout l = small;
        uint64_t end = WEIR_CONTROL_SIZE;

        ck_assert(weir_layout_valid(&l));
        ck_assert_uint_ge(weir_threads_offset(&l), end);
        end = weir_threads_offset(&l) + l.threads * sizeof(struct weir_thread);
        ck_assert_uint_ge(weir_notes_offset(&l), end);
        end = weir_notes_offset(&l) + l.notes_bytes;
        for (unsigned ring = 0; ring < WEIR_RINGS; ring++) {
                ck_assert_uint_ge(weir_ring_offset(&l, ring), end);
                ck_assert_uint_eq(weir_ring_offset(&l, ring) % WEIR_PAGE, 0);
                end = weir_ring_offset(&l, ring) + weir_ring_records(&l, ring) * sizeof(struct weir_event);
        }
        ck_assert_uint_ge(weir_frames_offset(&l), end);
        ck_assert_uint_ge(weir_nodes_offset(&l),
                          weir_frames_offset(&l) + weir_frame_count(&l) * sizeof(struct weir_frame));
        ck_assert_uint_ge(weir_channel_size(&l), weir_nodes_offset(&l) + l.nodes * sizeof(struct weir_node));
        ck_assert_uint_le(weir_channel_offset(WEIR_SLOTS - 1) + WEIR_CHANNEL_STRIDE, UINT64_C(1) << 53);
}
END_TEST

START_TEST(impossible_layouts_are_refused)
{
        struct weir_layout l = small;

        l.nodes = 1000;
        ck_assert(!weir_layout_valid(&l));
        l = small;
        l.ring_records = 128;
        ck_assert(!weir_layout_valid(&l));
        l = small;
        l.notes_bytes = 1 << 12;
        ck_assert(!weir_layout_valid(&l));
        l = small;
        l.ring0_records = 1u << 29;
        ck_assert(!weir_layout_valid(&l));
}
END_TEST

SUITE_MAIN("channel", every_kind_survives_at_every_edge, tags_tell_laps_apart, marks_stand_in_every_ring_in_use,
           a_thread_made_behind_our_back_is_noticed, a_full_ring_drops_when_told_to_and_keeps_room_for_releases,
           a_dead_collector_is_not_waited_for, a_record_that_nobody_will_finish_is_skipped,
           a_record_that_never_comes_is_not_waited_for_for_ever, a_note_that_never_comes_is_not_waited_for_for_ever, every_event_arrives_once_and_in_order_for_its_address,
           notes_wrap_and_come_back_whole, a_note_that_cannot_fit_is_counted, parts_of_a_channel_do_not_overlap,
           impossible_layouts_are_refused)
