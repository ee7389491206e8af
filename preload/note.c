#include "note.h"

#include "process.h"
#include "session.h"

enum { HELD_UP_MS = 5000 }; /* what one note that was begun is waited for */

/* Whether the next note to be read was begun and is not finished. */
static bool is_held_up(uint64_t tail)
{
        const char *at = &process_self->notes[tail & (process_self->control->layout.notes_bytes - 1)];

        return !(atomic_load_explicit((const _Atomic uint32_t *)at, memory_order_relaxed) & WEIR_NOTE_COMMIT);
}

/* False when there never will be: the process is LOST from then on.  A thread
 * may have left a note by a longjmp out of a signal handler. */
static bool wait_for_room(uint64_t end, uint64_t capacity)
{
        struct weir_control *control = process_self->control;
        struct session_patience patience = { 0 };
        uint64_t tail = atomic_load_explicit(&control->notes_tail, memory_order_acquire), before = tail;
        unsigned slept = 0, held_up = 0;

        while (end - tail > capacity) {
                static const _Atomic uint32_t nobody_wakes = 0;

                session_ring_bell(process_self->session);
                raw_futex_wait(&nobody_wakes, 0, 1);
                tail = atomic_load_explicit(&control->notes_tail, memory_order_acquire);
                held_up = tail == before && is_held_up(tail) ? held_up + 1 : 0;
                before = tail;
                if (held_up == HELD_UP_MS ||
                    (++slept % SESSION_WAIT_MS == 0 && !session_is_alive(process_self->session, &patience))) {
                        process_lose();
                        return false;
                }
        }
        return true;
}

/* Copies to `at`, a position that counts bytes since the ring was made. */
static uint64_t put(uint64_t at, const void *from, size_t length)
{
        uint32_t mask = process_self->control->layout.notes_bytes - 1;
        const char *f = from;

        for (size_t i = 0; i < length; i++)
                process_self->notes[(at + i) & mask] = f[i];
        return at + length;
}

void note_send(enum weir_note_kind kind, uint64_t a, const struct note_piece *pieces, size_t count)
{
        struct weir_control *control = process_self->control;
        uint64_t length = sizeof(struct weir_note), start, at;
        uint16_t kind16 = (uint16_t)kind;
        uint32_t capacity;

        if (!control)
                return;
        capacity = control->layout.notes_bytes;
        for (size_t i = 0; i < count; i++)
                length += pieces[i].length;
        length = (length + 7) & ~UINT64_C(7);
        if (length > capacity / 2 || process_self->mode == PROCESS_LOST || process_self->mode == PROCESS_OFF)
                goto lost;
        start = atomic_fetch_add(&control->notes_head, length);
        if (!wait_for_room(start + length, capacity))
                goto lost;
        put(start + offsetof(struct weir_note, kind), &kind16, sizeof kind16);
        put(start + offsetof(struct weir_note, a), &a, sizeof a);
        at = start + sizeof(struct weir_note);
        for (size_t i = 0; i < count; i++)
                at = put(at, pieces[i].bytes, pieces[i].length);
        atomic_store_explicit((_Atomic uint32_t *)&process_self->notes[start & (capacity - 1)],
                              WEIR_NOTE_COMMIT | (uint32_t)length, memory_order_release);
        return;
lost:
        atomic_fetch_add(&control->lost.notes, 1);
}
