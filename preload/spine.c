#include "spine.h"

#include <string.h>
#include <sys/mman.h>

#include "frame.h"
#include "raw.h"
#include "rules.h"

static const uintptr_t nothing;

/* ---- memory ------------------------------------------------------------ */

static size_t bytes_for(uint32_t frames, uint32_t words)
{
        return (frames * sizeof(struct spine_frame) + (SPINE_SWEEP + words) * sizeof(struct spine_word) + 4095) &
               ~(size_t)4095;
}

static void begin_words(struct spine_word *words)
{
        for (int i = 0; i < SPINE_SWEEP; i++)
                words[i] = (struct spine_word){ &nothing, 0 };
}

void spine_reset(struct spine *spine)
{
        spine->count = 0;
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
                raw_munmap(spine->frames, bytes_for(spine->capacity, spine->words_capacity));
        spine->mapped = false;
}

void spine_release(struct spine *spine)
{
        unmap(spine);
        spine_reset(spine);
}

/* Moves to larger arrays.  The old ones stay in use until the new are whole. */
static bool grow(struct spine *spine, uint32_t frames, uint32_t words)
{
        uint32_t capacity = spine->capacity, words_capacity = spine->words_capacity;
        struct spine_frame *memory;
        struct spine_word *sweep;

        while (capacity < frames)
                capacity *= 2;
        while (words_capacity < words)
                words_capacity *= 2;
        memory = raw_mmap(NULL, bytes_for(capacity, words_capacity), PROT_READ | PROT_WRITE,
                          MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        if (!memory)
                return false;
        sweep = (struct spine_word *)(memory + capacity);
        begin_words(sweep);
        sweep += SPINE_SWEEP;
        if (spine->count) {
                memcpy(memory, spine->frames, spine->count * sizeof *memory);
                memcpy(sweep, spine->words, spine->frames[spine->count - 1].words * sizeof *sweep);
        }
        unmap(spine);
        spine->frames = memory;
        spine->words = sweep;
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

uint32_t spine_first_difference(const struct spine *spine, uint32_t junction)
{
        for (uint32_t i = junction; i-- > 0;) {
                uint32_t from = i ? spine->frames[i - 1].words : 0;

                for (uint32_t w = from; w < spine->frames[i].words; w++)
                        if (*(const volatile uintptr_t *)spine->words[w].address != spine->words[w].value)
                                return i + 1;
        }
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

unsigned spine_words_of(const struct trail_frame *frame, const struct trail_frame *outer, struct spine_word words[3])
{
        unsigned count = 0;

        if (frame->base_word)
                words[count++] = (struct spine_word){ (const uintptr_t *)frame->base_word, outer->sp };
        words[count++] = (struct spine_word){ (const uintptr_t *)(outer->sp - ARCH_RA_BELOW_CFA), outer->pc };
        if (frame->fp_word)
                words[count++] = (struct spine_word){ (const uintptr_t *)frame->fp_word, outer->fp };
        return count;
}

/* ---- replacing --------------------------------------------------------- */

static void push(struct spine *spine, const struct trail_frame *frame, const struct trail_frame *outer)
{
        uint32_t words = spine->count ? spine->frames[spine->count - 1].words : 0;

        if (outer)
                words += spine_words_of(frame, outer, &spine->words[words]);
        spine->frames[spine->count++] = (struct spine_frame){
                .pc = frame->pc,
                .sp = frame->sp,
                .fp = frame->fp,
                .node = frame->node,
                .hash = frame->hash,
                .words = words,
                .live = frame->live,
        };
}

void spine_replace(struct spine *spine, uint32_t junction, const struct trail *trail)
{
        uint32_t frames, words;

        spine->count = junction;
        frames = junction + trail->count;
        words = (junction ? spine->frames[junction - 1].words : 0) + 3 * trail->count;
        if ((frames > spine->capacity || words > spine->words_capacity) && !grow(spine, frames, words))
                return;
        for (uint32_t i = trail->count; i-- > 1;)
                push(spine, &trail->frames[i], i + 1 < trail->count || junction ? &trail->frames[i + 1] : NULL);
}
