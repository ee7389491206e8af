#include "segments.h"

#include <string.h>

unsigned segment_length(const struct trail *trail)
{
        unsigned count = 0;
        struct spine_word words[3];

        for (uint32_t i = 0; i < trail->count; i++)
                count += spine_words_of(&trail->frames[i], &trail->frames[i + 1], words);
        return count;
}

/* Takes the segment's room in the ring, in one piece. */
static void take_words(struct segments *s, struct segment *g, unsigned count)
{
        uint64_t left = SEGMENT_POOL - (s->pool_end & (SEGMENT_POOL - 1));

        g->start = s->pool_end + (count > left ? left : 0);
        g->count = (uint16_t)count;
        s->pool_end = g->start + count;
}

/* Writes the trail's words; false when one is too far above sp, or below. */
static bool fill(struct segments *s, struct segment *g, const struct trail *trail)
{
        uint64_t at;

        take_words(s, g, segment_length(trail));
        at = g->start & (SEGMENT_POOL - 1);
        for (uint32_t i = 0; i < trail->count; i++) {
                struct spine_word words[3];
                unsigned n = spine_words_of(&trail->frames[i], &trail->frames[i + 1], words);

                for (unsigned k = 0; k < n; k++, at++) {
                        uintptr_t above = (uintptr_t)words[k].address - g->sp;

                        if (above > UINT32_MAX)
                                return false;
                        s->offsets[at] = (uint32_t)above;
                        s->values[at] = words[k].value;
                }
        }
        return true;
}

/* The head of this frame; another frame's gives way. */
static struct segment_head *take_head(struct segments *s, uint64_t key, uintptr_t sp, uint64_t hash)
{
        struct segment_head *head = segment_head_of(s, hash);

        if (head->key != key || head->sp != sp) {
                *head = (struct segment_head){ .key = key, .sp = sp };
                for (int i = 0; i < SEGMENT_DISCRIMINATORS; i++)
                        head->discriminators[i] = SEGMENT_NOWHERE;
        }
        return head;
}

/* Makes `offset` (bytes above sp) a discriminator, if there is room for one
 * more and it is not one yet. */
static void add_discriminator(struct segment_head *head, uint32_t offset)
{
        if (offset % 8 || offset / 8 > SEGMENT_REACH)
                return;
        for (int d = 0; d < SEGMENT_DISCRIMINATORS; d++) {
                if (head->discriminators[d] == offset / 8)
                        return;
                if (head->discriminators[d] == SEGMENT_NOWHERE) {
                        head->discriminators[d] = (uint16_t)(offset / 8);
                        return;
                }
        }
}

/* `old` stands where a segment of `head` would go: if it is one of the same
 * frame, the first word that does not hold tells the two apart. */
static void learn_discriminator(struct segments *s, struct segment_head *head, const struct segment *old)
{
        uint64_t at = old->start & (SEGMENT_POOL - 1);

        if (old->key != head->key || old->sp != head->sp || s->pool_end - old->start > SEGMENT_POOL)
                return;
        for (unsigned i = 0; i < old->count; i++, at++) {
                if (*(const volatile uintptr_t *)(old->sp + s->offsets[at]) != s->values[at]) {
                        add_discriminator(head, s->offsets[at]);
                        return;
                }
        }
}

void segments_learn(struct segments *s, const struct trail *trail, const struct spine *spine, uint32_t junction,
                    enum weir_function function, uint32_t id)
{
        const struct trail_frame *leaf = &trail->frames[0], *end = &trail->frames[trail->count];
        uint64_t key = segment_key((struct frame_state){ .pc = leaf->pc }, function);
        uint64_t hash = segment_hash(key, leaf->sp);
        struct segment fresh = {
                .key = key,
                .sp = leaf->sp,
                .fp = leaf->fp,
                .live = leaf->live,
                .junction = junction - 1,
                .junction_node = spine->frames[junction - 1].node,
                .junction_fp = end->fp,
                .id = id,
        };
        uintptr_t offset = end->sp - leaf->sp;
        struct segment_head *head;

        fresh.junction_offset = (uint32_t)offset;
        if (offset > UINT32_MAX)
                return;
        head = take_head(s, key, leaf->sp, hash);
        learn_discriminator(s, head, segment_choose(s, head, hash));
        if (!fill(s, &fresh, trail))
                return;
        *segment_choose(s, head, hash) = fresh;
}
