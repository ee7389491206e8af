#include "segments.h"

#include <stdatomic.h>
#include <string.h>

#include "apart.h"

enum { GROWTH = 4 };

/* Bytes that larger arrays take in this process. */
static _Atomic size_t taken;

/* ---- memory ------------------------------------------------------------ */

/* Lays the arrays out in `memory`, `scale` times as large as at first. */
static void lay_out(struct segments *s, char *memory, uint32_t scale)
{
        s->heads = (struct segment_head *)memory;
        s->places = (uint32_t *)(memory + SEGMENT_HEADS * scale);
        s->ring = memory + (SEGMENT_HEADS + SEGMENT_PLACES) * scale;
        s->heads_mask = SEGMENT_HEADS * scale - (uint32_t)sizeof(struct segment_head);
        s->places_mask = SEGMENT_PLACES * scale - (uint32_t)sizeof(uint32_t);
        s->ring_mask = SEGMENT_RING * scale - 1;
        s->ring_bytes = SEGMENT_RING * scale;
}

/* No place that was given out before counts from here on. */
static void begin(struct segments *s)
{
        s->end = s->ring_bytes + SEGMENT_UNIT;
        s->again = 0;
        memset(s->guesses, 0, sizeof s->guesses);
}

void segments_reset(struct segments *s)
{
        if (!s->mapped)
                lay_out(s, s->own, 1);
        memset(s->heads, 0, s->heads_mask + sizeof *s->heads);
        memset(s->places, 0, s->places_mask + sizeof *s->places);
        begin(s);
}

static void unmap(struct segments *s)
{
        if (!s->mapped)
                return;
        apart_unmap(s->heads, s->mapped);
        atomic_fetch_sub(&taken, s->mapped);
        s->mapped = 0;
}

void segments_release(struct segments *s)
{
        unmap(s);
}

/* Adds to what is taken, within the allowance. */
static bool take(size_t bytes)
{
        if (atomic_fetch_add(&taken, bytes) + bytes <= SEGMENT_ALLOWANCE)
                return true;
        atomic_fetch_sub(&taken, bytes);
        return false;
}

static void grow(struct segments *s)
{
        uint32_t scale = (s->ring_mask + 1) / SEGMENT_RING * GROWTH;
        size_t bytes = sizeof s->own * scale;
        char *memory;

        if (!take(bytes))
                return;
        memory = apart_map(bytes);
        if (!memory) {
                atomic_fetch_sub(&taken, bytes);
                return;
        }
        unmap(s);
        lay_out(s, memory, scale);
        s->mapped = bytes;
        begin(s);
}

void segments_missed(struct segments *s)
{
        if (++s->again < s->ring_bytes / (4 * SEGMENT_UNIT))
                return;
        s->again = 0;
        grow(s);
}

/* Takes room in the ring, in one piece; its place.  Places are 32 bits: before
 * they come round, all begins anew. */
static uint32_t take_room(struct segments *s, uint32_t bytes)
{
        uint32_t at, left;

        if (s->end > UINT32_MAX - 2 * s->ring_bytes)
                segments_reset(s);
        at = s->end;
        left = s->ring_bytes - (at & s->ring_mask);
        if (bytes > left)
                at += left;
        s->end = at + bytes;
        return at;
}

/* ---- the words of an event --------------------------------------------- */

struct words {
        unsigned count;
        uint16_t offsets[SEGMENT_WORDS + 1];
        uintptr_t values[SEGMENT_WORDS + 1];
};

static bool add_word(struct words *w, uintptr_t sp, struct spine_word word)
{
        uintptr_t above = (uintptr_t)word.address - sp;

        if (w->count >= SEGMENT_WORDS || above % 8 || above / 8 > SEGMENT_REACH)
                return false;
        w->offsets[w->count] = (uint16_t)(above / 8);
        w->values[w->count++] = word.value;
        return true;
}

/* The words of the trail; two at least, which may be one. */
static bool list_words(struct words *w, const struct trail *trail)
{
        uintptr_t sp = trail->frames[0].sp;

        for (uint32_t i = 0; i < trail->count; i++) {
                struct spine_word words[3];
                unsigned n = spine_words_of(&trail->frames[i], &trail->frames[i + 1], words);

                for (unsigned k = 0; k < n; k++)
                        if (!add_word(w, sp, words[k]))
                                return false;
        }
        if (w->count == 1) {
                w->offsets[1] = w->offsets[0];
                w->values[1] = w->values[0];
                w->count = 2;
        }
        return true;
}

/* ---- discriminators ---------------------------------------------------- */

/* Makes a word a discriminator, if there is room for one more and it is not
 * one yet. */
static void add_discriminator(struct segment_head *head, uint16_t offset)
{
        for (int d = 0; d < SEGMENT_DISCRIMINATORS; d++) {
                if (head->discriminators[d] == offset + 1)
                        return;
                if (head->discriminators[d] == 0) {
                        head->discriminators[d] = (uint16_t)(offset + 1);
                        return;
                }
        }
}

/* Makes a discriminator of the first of some words that does not hold. */
static bool tell_apart(struct segment_head *head, const uint16_t *offsets, const uintptr_t *values, unsigned count)
{
        const arch_word *words = (const arch_word *)head->sp;

        for (unsigned i = 0; i < count; i++) {
                if (arch_read(&words[offsets[i]]) != values[i]) {
                        add_discriminator(head, offsets[i]);
                        return true;
                }
        }
        return false;
}

/* `old` stands where the segment of the head's frame would go: if it is one of
 * the same frame, the first word that does not hold tells the two apart. */
static void learn_discriminator(struct segment_head *head, const struct segment *old, uint64_t key)
{
        if (old->key != key || old->sp != (uint32_t)head->sp)
                return;
        if (!tell_apart(head, old->offsets, old->first, 2))
                tell_apart(head, segment_offsets(old), old->values, old->more);
}

/* Where the new segment's place goes: where the discriminators lead once they
 * tell it from the segment that is there. */
static uint32_t *choose(struct segments *s, uint64_t key, uintptr_t sp)
{
        uint64_t hash = segment_hash(key, sp);
        struct segment_head *head = segment_head_of(s, hash);
        uint32_t place;

        if (head->sp != sp)
                *head = (struct segment_head){ .sp = sp };
        place = *segment_choose(s, head, hash, sp);
        if (segment_kept(s, place))
                learn_discriminator(head, segment_at(s, place), key);
        return segment_choose(s, head, hash, sp);
}

/* ---- learning ---------------------------------------------------------- */

static uint32_t store(struct segments *s, const struct segment *fresh, const struct words *w, uintptr_t outside_fp)
{
        size_t values = (w->count - 2) * sizeof w->values[0], offsets = (w->count - 2) * sizeof w->offsets[0];
        size_t bytes = sizeof *fresh + values + ((offsets + 7) & ~(size_t)7) + sizeof outside_fp;
        uint32_t place = take_room(s, (uint32_t)(bytes + SEGMENT_UNIT - 1) & ~(uint32_t)(SEGMENT_UNIT - 1));
        struct segment *g = segment_at(s, place);

        *g = *fresh;
        memcpy(g->values, w->values + 2, values);
        memcpy(segment_offsets(g), w->offsets + 2, offsets);
        if (g->live & SEGMENT_LIVE_OUTSIDE)
                *segment_outside_fp(g) = outside_fp;
        return place;
}

bool segments_learn(struct segments *s, const struct trail *trail, const struct spine *spine, uint32_t junction,
                    enum weir_function function, uint32_t id)
{
        const struct trail_frame *leaf = &trail->frames[0];
        const struct spine_frame *outer = &spine->frames[junction - 1];
        struct words words;
        struct segment fresh = {
                .key = segment_key(leaf->pc, function),
                .junction = outer->identity,
                .sp = (uint32_t)leaf->sp,
                .id = id,
                .place = (junction - 1) * (uint32_t)sizeof *outer,
                .sweep = outer->sweep,
                .live = (leaf->live ? SEGMENT_LIVE : 0) | (outer->live ? SEGMENT_LIVE_OUTSIDE : 0),
                .fp = leaf->fp,
        };
        uint32_t place;

        words.count = 0;
        if (!list_words(&words, trail))
                return false;
        fresh.more = (uint16_t)(words.count - 2);
        memcpy(fresh.offsets, words.offsets, sizeof fresh.offsets);
        memcpy(fresh.first, words.values, sizeof fresh.first);
        place = store(s, &fresh, &words, outer->fp);
        *choose(s, fresh.key, leaf->sp) = place;
        return true;
}
