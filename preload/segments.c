#include "segments.h"

#include <string.h>

void segments_reset(struct segments *s)
{
        memset(s->heads, 0, sizeof s->heads);
        memset(s->table, 0, sizeof s->table);
        s->pool_end = 0;
}

unsigned segment_length(const struct trail *trail)
{
        unsigned count = 0;
        struct spine_word words[3];

        for (uint32_t i = 0; i < trail->count; i++)
                count += spine_words_of(&trail->frames[i], &trail->frames[i + 1], words);
        return count;
}

/* Takes room for `count` values in the ring, in one piece.  Positions are 32
 * bits: before they come round, all begins anew. */
static uint32_t take_values(struct segments *s, unsigned count)
{
        uint32_t left, start;

        if (s->pool_end > UINT32_MAX - 2 * SEGMENT_POOL)
                segments_reset(s);
        left = SEGMENT_POOL - (s->pool_end & (SEGMENT_POOL - 1));
        start = s->pool_end + (count > left ? left : 0);
        s->pool_end = start + count;
        return start;
}

/* The words of the trail as offsets and values; their number, 0 when one
 * cannot be told. */
static unsigned list_words(const struct trail *trail, uint16_t offsets[SEGMENT_WORDS], uintptr_t values[SEGMENT_WORDS])
{
        unsigned count = 0;

        for (uint32_t i = 0; i < trail->count; i++) {
                struct spine_word words[3];
                unsigned n = spine_words_of(&trail->frames[i], &trail->frames[i + 1], words);

                for (unsigned k = 0; k < n; k++) {
                        uintptr_t above = (uintptr_t)words[k].address - trail->frames[0].sp;

                        if (count == SEGMENT_WORDS || above % 8 || above / 8 > SEGMENT_REACH)
                                return 0;
                        offsets[count] = (uint16_t)(above / 8);
                        values[count++] = words[k].value;
                }
        }
        return count;
}

/* Makes a word a discriminator, if there is room for one more and it is not
 * one yet. */
static void add_discriminator(struct segment_head *head, uint16_t offset)
{
        if (offset > SEGMENT_REACH)
                return;
        for (int d = 0; d < SEGMENT_DISCRIMINATORS; d++) {
                if (head->discriminators[d] == offset + 1)
                        return;
                if (head->discriminators[d] == 0) {
                        head->discriminators[d] = (uint16_t)(offset + 1);
                        return;
                }
        }
}

/* `old` stands where a segment of the frame at `sp` would go: if it is one of
 * the same frame, the first word that does not hold tells the two apart. */
static void learn_discriminator(const struct segments *s, struct segment_head *head, const struct segment *old,
                                uint64_t key, uintptr_t sp)
{
        uint32_t at = (old->start & (SEGMENT_POOL - 1)) + (old->junction & SEGMENT_LIVE ? 1 : 0);
        unsigned count = old->junction >> SEGMENT_COUNT_SHIFT & SEGMENT_COUNT;

        if (old->key != key || old->sp != (uint32_t)sp || !segment_kept(s, old))
                return;
        for (unsigned i = 0; i < count; i++, at++) {
                if (((const volatile uintptr_t *)sp)[s->offsets[at]] != s->values[at]) {
                        add_discriminator(head, s->offsets[at]);
                        return;
                }
        }
}

/* The place of a new segment, where the discriminators lead once they tell it
 * from the segment that is there. */
static struct segment *place(struct segments *s, uint64_t key, uintptr_t sp, uintptr_t high)
{
        uint64_t hash = segment_hash(key, sp);
        struct segment_head *head = segment_head_of(s, hash);

        if (head->tag != segment_tag(hash))
                *head = (struct segment_head){ .tag = segment_tag(hash) };
        learn_discriminator(s, head, segment_choose(s, head, hash, sp, high), key, sp);
        return segment_choose(s, head, hash, sp, high);
}

static void store_values(struct segments *s, struct segment *g, const struct trail *trail, unsigned count,
                         const uint16_t *offsets, const uintptr_t *values)
{
        uint32_t at;

        g->start = take_values(s, count + 2);
        at = g->start & (SEGMENT_POOL - 1);
        if (g->junction & SEGMENT_LIVE)
                s->values[at++] = trail->frames[0].fp;
        memcpy(&s->offsets[at], offsets, count * sizeof *offsets);
        memcpy(&s->values[at], values, count * sizeof *values);
        s->values[at + count] = trail->frames[trail->count].fp;
}

void segments_learn(struct segments *s, const struct trail *trail, const struct spine *spine, uint32_t junction,
                    uintptr_t high, enum weir_function function, uint32_t id)
{
        const struct trail_frame *leaf = &trail->frames[0], *end = &trail->frames[trail->count];
        const struct spine_frame *outer = &spine->frames[junction - 1];
        uint64_t key = segment_key((struct frame_state){ .pc = leaf->pc }, function);
        uint16_t offsets[SEGMENT_WORDS];
        uintptr_t values[SEGMENT_WORDS];
        unsigned count = list_words(trail, offsets, values);
        struct segment fresh = {
                .key = key,
                .sp = (uint32_t)leaf->sp,
                .junction = (junction - 1) | count << SEGMENT_COUNT_SHIFT | (leaf->live ? SEGMENT_LIVE : 0) |
                            (outer->live ? SEGMENT_JUNCTION_LIVE : 0),
                .junction_node = outer->node,
                .junction_offset = (uint32_t)(end->sp - leaf->sp),
                .id = id,
        };
        struct segment *to;

        if (count == 0)
                return;
        to = place(s, key, leaf->sp, high);
        store_values(s, &fresh, trail, count, offsets, values);
        *to = fresh;
}
