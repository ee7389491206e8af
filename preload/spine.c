#include "spine.h"

#include <string.h>

#include "apart.h"
#include "frame.h"
#include "rules.h"

static const uintptr_t nothing;

/* ---- memory ------------------------------------------------------------ */

static size_t bytes_for(uint32_t frames, uint32_t words)
{
        return frames * sizeof(struct spine_frame) + (SPINE_SWEEP + words) * sizeof(struct spine_word);
}

static void begin_words(struct spine_word *words)
{
        for (int i = 0; i < SPINE_SWEEP; i++)
                words[i] = (struct spine_word){ .address = &nothing };
}

/* Frames from `count` on are no more: what hangs on them ends here. */
static void cut(struct spine *spine, uint32_t count)
{
        while (spine->count > count)
                spine->frames[--spine->count].identity = 0;
}

void spine_reset(struct spine *spine)
{
        cut(spine, 0);
        if (spine->mapped)
                return;
        spine->frames = spine->own_frames;
        spine->capacity = SPINE_FRAMES;
        begin_words(spine->own_words);
        spine->words = spine->own_words + SPINE_SWEEP;
        spine->words_capacity = SPINE_WORDS;
}

/* Mapped arrays are one mapping: the frames, then the words. */
static void unmap(struct spine *spine)
{
        if (spine->mapped)
                apart_unmap(spine->frames, bytes_for(spine->capacity, spine->words_capacity));
        spine->mapped = false;
}

void spine_release(struct spine *spine)
{
        unmap(spine);
        spine->count = 0;
        spine_reset(spine);
}

/* Moves to larger arrays.  The old ones stay in use until the new are whole. */
static bool grow(struct spine *spine, uint32_t frames, uint32_t words)
{
        uint32_t capacity = spine->capacity, words_capacity = spine->words_capacity;
        struct spine_frame *memory;
        struct spine_word *room;

        while (capacity < frames)
                capacity *= 2;
        while (words_capacity < words)
                words_capacity *= 2;
        memory = apart_map(bytes_for(capacity, words_capacity));
        if (!memory)
                return false;
        room = (struct spine_word *)(memory + capacity);
        begin_words(room);
        room += SPINE_SWEEP;
        if (spine->count) {
                memcpy(memory, spine->frames, spine->count * sizeof *memory);
                memcpy(room, spine->words, spine->frames[spine->count - 1].sweep);
        }
        unmap(spine);
        spine->frames = memory;
        spine->words = room;
        spine->capacity = capacity;
        spine->words_capacity = words_capacity;
        spine->mapped = true;
        return true;
}

/* ---- finding ----------------------------------------------------------- */

uint32_t spine_search(const struct spine *spine, uintptr_t sp)
{
        uint32_t low = 0, high = spine->count;

        while (low < high) {
                uint32_t middle = low + (high - low) / 2;

                if (spine->frames[middle].sp >= sp)
                        low = middle + 1;
                else
                        high = middle;
        }
        return low;
}

/* How many words the frames before index `frame` read. */
static uint32_t words_before(const struct spine *spine, uint32_t frame)
{
        return frame ? spine->frames[frame - 1].sweep / (uint32_t)sizeof(struct spine_word) : 0;
}

uint32_t spine_first_difference(const struct spine *spine, uint32_t junction)
{
        for (uint32_t i = junction; i-- > 0;)
                for (uint32_t w = words_before(spine, i); w < words_before(spine, i + 1); w++)
                        if (!spine_word_holds(&spine->words[w]))
                                return i + 1;
        return 0;
}

/* ---- what a step depends on -------------------------------------------- */

static bool uses_fp(const struct trail_frame *frame, bool outer_live)
{
        struct cfi_rule rule;

        if (frame->rule == RULE_END)
                return false;
        if (!(frame->rule & RULE_LONG))
                return frame->rule & RULE_FROM_FP;
        rule = rules_long(frame->rule);
        return rule.cfa != CFI_CFA_SP || (rule.fp == CFI_FP_AT_FP && outer_live);
}

void spine_mark_live(struct trail *trail, bool outer_live)
{
        for (uint32_t i = trail->count; i-- > 0;) {
                struct trail_frame *frame = &trail->frames[i];
                bool restored = frame->fp_word != 0;

                frame->live = uses_fp(frame, outer_live) || (!restored && outer_live);
                if (!outer_live)
                        frame->fp_word = 0;
                outer_live = frame->live;
        }
}

/* ---- replacing --------------------------------------------------------- */

static void push(struct spine *spine, const struct trail_frame *frame, const struct trail_frame *outer)
{
        uint32_t words = words_before(spine, spine->count);
        struct spine_word read[3];
        unsigned count = outer ? spine_words_of(frame, outer, read) : 0;

        for (unsigned i = 0; i < count; i++)
                spine->words[words++] = read[i];
        spine->frames[spine->count++] = (struct spine_frame){
                .identity = frame->node | (uint64_t)frame->sp << 32,
                .pc = frame->pc,
                .sp = frame->sp,
                .fp = frame->fp,
                .hash = frame->hash,
                .sweep = words * (uint32_t)sizeof(struct spine_word),
                .live = frame->live,
        };
}

void spine_replace(struct spine *spine, uint32_t junction, const struct trail *trail)
{
        uint32_t frames = junction + trail->count, words;

        cut(spine, junction);
        words = words_before(spine, junction) + 3 * trail->count;
        if ((frames > spine->capacity || words > spine->words_capacity) && !grow(spine, frames, words))
                return;
        for (uint32_t i = trail->count; i-- > 1;)
                push(spine, &trail->frames[i], i + 1 < trail->count || junction ? &trail->frames[i + 1] : NULL);
}
