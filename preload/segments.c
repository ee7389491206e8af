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

/* Writes the trail's words; false when they do not fit or cannot be told as
 * aligned offsets above sp. */
static bool fill(struct segment *g, const struct trail *trail)
{
        g->count = 0;
        for (uint32_t i = 0; i < trail->count; i++) {
                struct spine_word words[3];
                unsigned n = spine_words_of(&trail->frames[i], &trail->frames[i + 1], words);

                for (unsigned k = 0; k < n; k++) {
                        uintptr_t above = (uintptr_t)words[k].address - g->sp;

                        if (g->count == SEGMENT_WORDS || above % 8 || above / 8 > SEGMENT_REACH)
                                return false;
                        g->offsets[g->count] = (uint16_t)(above / 8);
                        g->values[g->count++] = words[k].value;
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

/* The segment of the same frame that stands where a new one would go: the
 * first word in which its event differed becomes a discriminator, if there is
 * room for one more. */
static void learn_discriminator(struct segment_head *head, const struct segment *old)
{
        const volatile uintptr_t *base = (const volatile uintptr_t *)head->sp;

        if (old->key != head->key || old->sp != head->sp)
                return;
        for (unsigned i = 0; i < old->count; i++) {
                if (base[old->offsets[i]] == old->values[i])
                        continue;
                for (int d = 0; d < SEGMENT_DISCRIMINATORS; d++) {
                        if (head->discriminators[d] == old->offsets[i])
                                return;
                        if (head->discriminators[d] == SEGMENT_NOWHERE) {
                                head->discriminators[d] = old->offsets[i];
                                return;
                        }
                }
                return;
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
        if (offset > UINT32_MAX || !fill(&fresh, trail))
                return;
        head = take_head(s, key, leaf->sp, hash);
        learn_discriminator(head, segment_choose(s, head, hash));
        *segment_choose(s, head, hash) = fresh;
}
