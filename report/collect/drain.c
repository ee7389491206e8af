#include "drain.h"

#include "../mem.h"
#include "live.h"
#include "process.h"
#include "young.h"

#include <limits.h>
#include <linux/futex.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

enum {
        CHUNK = 1 << 12,         /* records read before the room is given back to the producers */
        WAKE_PART = 4,           /* of a full ring that is given back before those who wait for room are woken */
        AHEAD = 16,              /* records between a prefetch and its use */
        BATCH = 64,              /* records read between two looks ahead */
        LOOK_FROM = 1 << 16,     /* blocks in a table that is too large for the caches */
        LOOK_FAR_FROM = 1 << 18, /* and whose regions are, too */
        CLONES_MAX = 256,        /* forks of one process whose children have not come yet */
};

struct record {
        unsigned kind; /* enum weir_event_kind */
        uint64_t address, size;
        uint32_t stack, thread;
};

/* One round of one ring. */
struct round {
        struct process *process;
        unsigned ring;
        const struct weir_event *records;
        uint64_t mask;
        uint64_t at, end; /* positions that may be read, [at, end) */
        uint64_t now_ns;
        bool stopped;
        struct young young;
};

static void wake(_Atomic uint32_t *waiters, _Atomic uint32_t *word)
{
        atomic_thread_fence(memory_order_seq_cst); /* the tail is stored before `waiters` is read */
        if (!atomic_load_explicit(waiters, memory_order_relaxed))
                return;
        atomic_fetch_add_explicit(word, 1, memory_order_seq_cst);
        (void)syscall(SYS_futex, word, FUTEX_WAKE, INT_MAX, NULL, NULL, 0);
}

/* ---- events -------------------------------------------------------------- */

static struct process_clone *clone_for(struct process *process, uint32_t sequence, uint64_t now_ns)
{
        for (size_t i = 0; i < process->clone_count; i++)
                if (process->clones[i].sequence == sequence)
                        return &process->clones[i];
        if (process->clone_count == CLONES_MAX)
                drain_drop_clones(process, process->clones[0].since_ns + 1);
        if (mem_grow(&process->clones, &process->clone_capacity, process->clone_count + 1, sizeof *process->clones))
                return NULL;
        process->clones[process->clone_count] = (struct process_clone){ .sequence = sequence, .since_ns = now_ns };
        return &process->clones[process->clone_count++];
}

static void meet_fork(struct process *process, unsigned ring, uint32_t sequence, uint64_t now_ns)
{
        unsigned first = process->drain.parallel ? ring : 0, last = process->drain.parallel ? ring : WEIR_RINGS - 1;
        struct process_clone *clone = sequence ? clone_for(process, sequence, now_ns) : NULL;

        if (!clone) {
                process->garbage += !sequence;
                return;
        }
        for (unsigned r = first; r <= last; r++) {
                if (clone->rings_met & 1u << r)
                        continue;                                    /* a mark seen twice: the first counts */
                (void)live_inherit(&clone->live, &process->live, r); /* marks the child's table inexact itself */
                clone->rings_met |= 1u << r;
        }
}

/* An event of any kind but FORK, once the table knows what there is to know. */
static void tell_table(struct round *round, const struct record *record, uint32_t stack)
{
        struct process *process = round->process;
        struct live *live = &process->live;

        switch (record->kind) {
        case WEIR_EVENT_ALLOC:
                live_alloc(live, record->address, record->size, stack, record->thread, 0, round->now_ns);
                break;
        case WEIR_EVENT_FREE:
                live_free(live, record->address);
                break;
        case WEIR_EVENT_MOVE:
                live_move(live, record->address, record->thread, round->now_ns);
                break;
        case WEIR_EVENT_RESTORE:
                live_restore(live, record->address, record->thread);
                break;
        case WEIR_EVENT_MAP:
        case WEIR_EVENT_MAP_OWN:
                live_map(live, record->address, record->size, stack, record->thread, record->kind == WEIR_EVENT_MAP_OWN,
                         round->now_ns);
                break;
        case WEIR_EVENT_UNMAP:
                live_unmap(live, record->address, record->size);
                break;
        case WEIR_EVENT_IGNORE:
                live_ignore(live, record->address);
                break;
        case WEIR_EVENT_SKIP:
                break;
        default:
                process->garbage++;
        }
}

static void apply(struct round *round, const struct record *record)
{
        uint32_t stack = record->stack;

        if (stack >= round->process->layout.nodes) {
                round->process->garbage++;
                stack = 0;
        }
        if (record->kind == WEIR_EVENT_IGNORE)
                young_flush(&round->young); /* the address may lie inside of any block */
        else
                young_settle(&round->young, record->address);
        tell_table(round, record, stack);
        young_resume(&round->young);
}

/* The head of the record at `position`, or 0 while it is not complete. */
static uint64_t head_at(const struct round *round, uint64_t position)
{
        const struct weir_event *event = &round->records[position & round->mask];
        uint64_t head = atomic_load_explicit(&event->head, memory_order_acquire);

        return weir_is_there(head, position) ? head : 0;
}

static uint64_t body_at(const struct round *round, uint64_t position)
{
        return atomic_load_explicit(&round->records[position & round->mask].body, memory_order_relaxed);
}

static void apply_short(struct round *round, uint64_t head, uint64_t body)
{
        const struct record record = {
                .kind = head & WEIR_HEAD_KIND,
                .address = head >> WEIR_HEAD_ADDRESS_SHIFT,
                .size = body & ((1u << WEIR_BODY_SIZE_BITS) - 1),
                .stack = body >> WEIR_BODY_SIZE_BITS & ((1u << WEIR_BODY_STACK_BITS) - 1),
                .thread = (uint32_t)(body >> WEIR_BODY_THREAD_SHIFT),
        };

        if (record.kind == WEIR_EVENT_FORK) {
                young_flush(&round->young);
                meet_fork(round->process, round->ring, (uint32_t)body, round->now_ns);
        } else if (record.kind == WEIR_EVENT_PARALLEL) {
                round->process->drain.parallel = true;
        } else {
                apply(round, &record);
        }
}

/* An EXTENDED record at round->at; returns the slots it took, 0 while its
 * second is not complete. */
static unsigned apply_extended(struct round *round, uint64_t head)
{
        uint64_t rest = round->at + 1 < round->end ? head_at(round, round->at + 1) : 0;
        const struct record record = {
                .kind = head >> WEIR_HEAD_REAL_KIND_SHIFT & WEIR_HEAD_KIND,
                .address = rest ? body_at(round, round->at + 1) : 0,
                .size = body_at(round, round->at),
                .stack = (uint32_t)(rest >> WEIR_HEAD_STACK_SHIFT),
                .thread = (uint32_t)(head >> WEIR_HEAD_REAL_THREAD_SHIFT & ((1u << 20) - 1)),
        };

        if (!rest)
                return 0;
        if ((rest & WEIR_HEAD_KIND) == WEIR_EVENT_SKIP)
                return 1; /* nobody will finish it */
        if ((rest & WEIR_HEAD_KIND) != WEIR_EVENT_REST) {
                round->process->garbage++;
                return 1;
        }
        apply(round, &record);
        return 2;
}

/* How far to look ahead of the records that are read: where the table is small, it is near anyway. */
enum look_ahead { LOOK_NOT, LOOK_AT_BLOCKS, LOOK_AT_REGIONS };

static inline __attribute__((always_inline)) uint64_t head_ahead(const struct round *round, unsigned records)
{
        return atomic_load_explicit(&round->records[(round->at + records) & round->mask].head, memory_order_relaxed);
}

static inline __attribute__((always_inline)) void look_ahead(struct round *round, enum look_ahead how)
{
        if (how == LOOK_AT_REGIONS)
                live_table_prefetch_region(&round->process->live.table,
                                           head_ahead(round, 2 * AHEAD) >> WEIR_HEAD_ADDRESS_SHIFT);
        if (how != LOOK_NOT)
                young_prefetch(&round->young, head_ahead(round, AHEAD));
}

/* Where a producer is about to write, a slot is left in its cache. */
static enum look_ahead how_to_look(const struct round *round)
{
        uint64_t position = round->at + BATCH + 2 * AHEAD;
        size_t blocks = round->process->live.table.used;

        if (blocks < LOOK_FROM || position >= round->end || !head_at(round, position))
                return LOOK_NOT;
        return blocks < LOOK_FAR_FROM ? LOOK_AT_BLOCKS : LOOK_AT_REGIONS;
}

/* Over the records at round->at that nobody will finish.  No thread has begun
 * more than one record of two slots, and one for each signal handler that came
 * in between; so when nothing stands behind as many slots, this is the end.
 * False then. */
static bool pass_over(struct round *round)
{
        uint64_t reach = 64 + 4 * (uint64_t)atomic_load(&round->process->control->next_thread);
        uint64_t end = round->end - round->at > reach ? round->at + reach : round->end, at = round->at + 1;

        if (!head_at(round, round->at)) /* else it is half a record */
                while (at < end && !head_at(round, at))
                        at++;
        if (at >= end)
                return false;
        round->process->uncommitted += at - round->at;
        round->at = at;
        return true;
}

/* What is said of a record by the low bits of its head: the kind, and nothing else when it is there. */
static inline uint64_t kind_at(uint64_t head, uint64_t position)
{
        return (head ^ weir_tag(position)) & ((UINT64_C(1) << WEIR_HEAD_ADDRESS_SHIFT) - 1);
}

/* Short records of allocations and releases, which are nearly all there is;
 * stops before anything else. */
static inline __attribute__((always_inline)) void read_plain(struct round *round, uint64_t end, enum look_ahead how)
{
        const uint32_t nodes = round->process->layout.nodes;

        for (; round->at < end; round->at++) {
                const struct weir_event *event = &round->records[round->at & round->mask];
                uint64_t head = atomic_load_explicit(&event->head, memory_order_acquire), body;
                uint64_t kind = kind_at(head, round->at);

                look_ahead(round, how);
                if (kind == WEIR_EVENT_FREE) {
                        young_free(&round->young, head);
                        continue;
                }
                if (kind != WEIR_EVENT_ALLOC)
                        return;
                body = atomic_load_explicit(&event->body, memory_order_relaxed);
                if (young_body_stack(body) >= nodes)
                        return;
                young_alloc(&round->young, head, body);
        }
}

/* Reads a record of any kind; false when it came to one that is not complete. */
static bool read_one(struct round *round)
{
        uint64_t head = head_at(round, round->at);
        unsigned slots = head ? 1 : 0;

        if (head && (head & WEIR_HEAD_KIND) == WEIR_EVENT_EXTENDED)
                slots = apply_extended(round, head);
        else if (head)
                apply_short(round, head, body_at(round, round->at));
        round->at += slots;
        return slots;
}

/* Reads up to `limit`; false when it came to a record that is not complete. */
static bool read_chunk(struct round *round, uint64_t limit)
{
        while (round->at < limit) {
                const enum look_ahead how = how_to_look(round);

                for (uint64_t end = round->at + BATCH; round->at < end;) {
                        if (how == LOOK_NOT)
                                read_plain(round, end, LOOK_NOT);
                        else if (how == LOOK_AT_BLOCKS)
                                read_plain(round, end, LOOK_AT_BLOCKS);
                        else
                                read_plain(round, end, LOOK_AT_REGIONS);
                        if (round->at < end && !read_one(round) && !(round->stopped && pass_over(round)))
                                return false;
                }
        }
        return true;
}

static uint8_t *part(struct process *process, uint64_t offset)
{
        return (uint8_t *)process->control + offset;
}

/* Reads records and gives their room back, chunk by chunk. */
static void read_ring(struct round *round, struct weir_ring *shared)
{
        uint64_t *tail = &round->process->drain.tails[round->ring], woken = *tail;
        bool more = true;

        while (more && round->at < round->end) {
                uint64_t limit = round->end - round->at > CHUNK ? round->at + CHUNK : round->end;

                more = read_chunk(round, limit);
                if (round->at == *tail)
                        break;
                *tail = round->at;
                atomic_store_explicit(&shared->tail, round->at, memory_order_release);
                if (round->at - woken >= (round->mask + 1) / WAKE_PART) {
                        wake(&shared->waiters, &shared->drained);
                        woken = round->at;
                }
        }
        if (woken != round->at)
                wake(&shared->waiters, &shared->drained);
}

static size_t drain_ring(struct process *process, unsigned ring, uint64_t now_ns, bool stopped)
{
        uint64_t tail = process->drain.tails[ring], records = weir_ring_records(&process->layout, ring);
        struct round round;

        round.process = process;
        round.ring = ring;
        round.records = (const struct weir_event *)part(process, weir_ring_offset(&process->layout, ring));
        round.mask = records - 1;
        round.at = tail;
        round.end = tail + records;
        round.now_ns = now_ns;
        round.stopped = stopped;
        if (!stopped && !head_at(&round, tail))
                return 0;
        young_begin(&round.young, &process->live, now_ns);
        read_ring(&round, &process->control->rings[ring]);
        young_flush(&round.young);
        return (size_t)(round.at - tail);
}

/* ---- notes --------------------------------------------------------------- */

/* Copies from, or zeroes, `length` bytes of the note ring. */
static void notes_copy(struct process *process, uint64_t position, void *to, size_t length)
{
        uint8_t *notes = part(process, weir_notes_offset(&process->layout));
        size_t size = process->layout.notes_bytes, at = position & (size - 1);
        size_t first = length < size - at ? length : size - at;

        if (to) {
                memcpy(to, notes + at, first);
                memcpy((uint8_t *)to + first, notes, length - first);
        } else {
                memset(notes + at, 0, first);
                memset(notes, 0, length - first);
        }
}

/* The committed length of the note at the tail; 0 when it is not complete,
 * -1 when it makes no sense. */
static ssize_t note_length(struct process *process, uint64_t head)
{
        uint8_t *notes = part(process, weir_notes_offset(&process->layout));
        uint64_t tail = process->drain.notes_tail;
        _Atomic uint32_t *word = (_Atomic uint32_t *)(notes + (tail & (process->layout.notes_bytes - 1)));
        uint32_t commit = atomic_load_explicit(word, memory_order_acquire), length = commit & ~WEIR_NOTE_COMMIT;

        if (!(commit & WEIR_NOTE_COMMIT))
                return commit ? -1 : 0;
        if (length < sizeof(struct weir_note) || length % 8 || length > process->layout.notes_bytes ||
            length > head - tail)
                return -1;
        return length;
}

static void notes_break(struct process *process, uint64_t head)
{
        process->drain.notes_broken = true;
        process->drain.notes_tail = head;
        process->lost_notes++;
        process_tell(process, true, "its notes were overwritten: modules and messages are missing");
}

static void read_note(struct process *process, size_t length, uint64_t now_ns)
{
        struct weir_note note;
        uint8_t *copy = mem_alloc(length, 1);

        if (copy) {
                notes_copy(process, process->drain.notes_tail, copy, length);
                memcpy(&note, copy, sizeof note);
                drain_note(process, note.kind, note.a, copy + sizeof note, length - sizeof note, now_ns);
                mem_free(copy);
        } else {
                process->lost_notes++;
        }
        notes_copy(process, process->drain.notes_tail, NULL, length);
        process->drain.notes_tail += length;
}

static size_t drain_notes(struct process *process, uint64_t now_ns, bool stopped)
{
        struct weir_control *control = process->control;
        uint64_t head = atomic_load_explicit(&control->notes_head, memory_order_relaxed);
        uint64_t end = process->drain.notes_tail + process->layout.notes_bytes;
        size_t count = 0;

        if (head == process->drain.notes_tail)
                process->drain.notes_ns = now_ns;
        if (process->drain.notes_broken || head == process->drain.notes_tail)
                return 0;
        while (process->drain.notes_tail < head && process->drain.notes_tail < end) {
                ssize_t length = note_length(process, head);

                if (length < 0) {
                        notes_break(process, head);
                        break;
                }
                if (!length) {
                        process->lost_notes += stopped;
                        break;
                }
                read_note(process, (size_t)length, now_ns);
                count++;
        }
        if (process->drain.notes_tail == head)
                process->drain.notes_ns = now_ns;
        if (count || process->drain.notes_broken) {
                atomic_store_explicit(&control->notes_tail, process->drain.notes_tail, memory_order_release);
                wake(&control->rings[0].waiters, &control->rings[0].drained);
        }
        return count;
}

size_t drain_run(struct process *process, uint64_t now_ns, bool stopped)
{
        size_t count = 0;

        if (!process->control)
                return 0;
        count += drain_notes(process, now_ns, stopped);
        count += drain_ring(process, 0, now_ns, stopped);
        for (unsigned ring = 1; process->drain.parallel && ring < WEIR_RINGS; ring++)
                count += drain_ring(process, ring, now_ns, stopped);
        return count;
}

/* ---- fork ---------------------------------------------------------------- */

static void clone_remove(struct process *process, size_t at)
{
        live_deinit(&process->clones[at].live);
        process->clone_count--;
        memmove(&process->clones[at], &process->clones[at + 1], (process->clone_count - at) * sizeof *process->clones);
}

bool drain_claim(struct process *process, uint32_t sequence, bool partial, struct live *child)
{
        for (size_t i = 0; i < process->clone_count; i++) {
                struct process_clone *clone = &process->clones[i];

                if (clone->sequence != sequence)
                        continue;
                if (clone->rings_met != (1u << WEIR_RINGS) - 1 && !partial)
                        return false;
                live_deinit(child);
                *child = clone->live;
                clone->live = (struct live){ 0 };
                clone_remove(process, i);
                return true;
        }
        return false;
}

void drain_drop_clones(struct process *process, uint64_t before_ns)
{
        for (size_t i = process->clone_count; i-- > 0;)
                if (process->clones[i].since_ns < before_ns)
                        clone_remove(process, i);
}
