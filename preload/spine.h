/*
 * spine.h: one remembered stack of a thread, and the proof that its outer
 * part is still the stack.
 *
 * Soundness.  By the rules of rules.h a walk from a frame outward is a pure
 * function of three things: the frame's (pc, sp, fp), the rules, and the
 * stack words that the walk reads.  The fp counts only where it is *live*:
 * where some frame further out uses it before one restores it; elsewhere it
 * is an ordinary register and may hold anything.  So when
 *
 *   - the walk of this event has come to a frame with the pc and sp of a
 *     remembered frame, and with its fp if that is live there,
 *   - every word that the remembered walk read from there outward holds, when
 *     read now, what it held (return addresses; saved fps that became live;
 *     the CFAs of realigned frames), and
 *   - no module was unloaded since, so the rules are the same,
 *
 * then the frames from there outward are the remembered ones.  Nothing is
 * assumed about how the stack came to be: longjmp, exceptions, stack copying
 * and stale contents are all covered.  Nothing proven for one event is carried
 * over to the next; the junction's own return address has just been read by
 * the walk that met it.
 *
 * Frames are kept outermost first, so that an inner part can be replaced.
 * The words of all frames are one array in the same order, and those of the
 * frames 0..j are a prefix of it: a proof is one sweep from the inside out.
 *
 * Private to one thread; a signal handler on it must not come in (unwind.c).
 */
#ifndef WEIR_SPINE_H
#define WEIR_SPINE_H

#include <stdbool.h>
#include <stdint.h>

#include "frame.h"
#include "nodes.h"
#include "trail.h"

enum {
        SPINE_FRAMES = 48, /* room without mapping more */
        SPINE_WORDS = 96,  /* same */
        SPINE_SWEEP = 8,   /* words compared in one turn */
};

/* A word that a walk read, and what it held. */
struct spine_word {
        const arch_word *address;
        uintptr_t value;
};

struct spine_frame {
        uint64_t identity; /* node, and in bits 32..63 the low half of sp; 0 = dropped.  One node is one
                              path outward, so two frames alike in this are alike in all but fp */
        uintptr_t pc, sp;
        uintptr_t fp;   /* as the walk had it; means something where live */
        uint32_t sweep; /* bytes of the words that the walk from here outward reads: the first ones */
        uint32_t hash;  /* of the path (nodes.h) */
        bool live;
};

struct spine {
        struct spine_frame *frames; /* [0] the outermost */
        struct spine_word *words;   /* SPINE_SWEEP of them before [0] always match: a sweep needs no tail */
        uint32_t count, capacity, words_capacity;
        bool mapped; /* the arrays are not the ones below */
        struct spine_frame own_frames[SPINE_FRAMES];
        struct spine_word own_words[SPINE_SWEEP + SPINE_WORDS];
};

static inline uint32_t spine_node(const struct spine_frame *frame)
{
        return (uint32_t)frame->identity;
}

/* Makes zeroed or used memory an empty spine; keeps mapped arrays. */
void spine_reset(struct spine *spine);

/* Unmaps what it mapped. */
void spine_release(struct spine *spine);

/* Index + 1 of the innermost frame whose sp is not below `sp`, or 0. */
uint32_t spine_search(const struct spine *spine, uintptr_t sp);

/* Works out which frames' fps are live, `outer_live` being the junction's:
 * sets `live` of each frame, and clears fp_word where the word does not matter.
 * The last frame's rule is RULE_END when there is no junction. */
void spine_mark_live(struct trail *trail, bool outer_live);

/* The words that stepping out of `frame` into `outer` read, as kept by
 * spine_mark_live; their number, at most 3. */
static inline unsigned spine_words_of(const struct trail_frame *frame, const struct trail_frame *outer,
                                      struct spine_word words[3])
{
        unsigned count = 0;

        if (frame->base_word)
                words[count++] = (struct spine_word){ (const arch_word *)frame->base_word, outer->sp };
        words[count++] = (struct spine_word){ (const arch_word *)(outer->sp - ARCH_RA_BELOW_CFA), outer->pc };
        if (frame->fp_word)
                words[count++] = (struct spine_word){ (const arch_word *)frame->fp_word, outer->fp };
        return count;
}

/* Drops every frame from index `junction` in and puts the trail's frames
 * there, but for its innermost one.  `trail` is marked and interned; behind
 * its `count` frames stands the junction as one more (unless 0).  When there
 * is no memory, the spine ends up shorter than asked. */
void spine_replace(struct spine *spine, uint32_t junction, const struct trail *trail);

static inline bool spine_word_holds(const struct spine_word *word)
{
#ifdef WEIR_TRUST_MEMORY /* the fault that test_unwind_control.c seeds */
        (void)word;
        return true;
#else
        return likely(arch_read(word->address) == word->value);
#endif
}

/* Whether all words of a frame's sweep hold.  A branch for each word is
 * quicker than gathering differences in vector registers, of which a core loads
 * half as many in a cycle; and gathering loads take twice as long.  How often
 * the loop turns is guessed wrong where stacks differ: so it turns seldom. */
static inline bool spine_sweep_holds(const struct spine *spine, uint32_t sweep)
{
        const struct spine_word *first = spine->words;
        const struct spine_word *w = (const struct spine_word *)((const char *)first + sweep);

        _Static_assert(SPINE_SWEEP == 8, "as many as below");
        for (; likely(w > first); w -= SPINE_SWEEP)
                if (!spine_word_holds(w - 1) || !spine_word_holds(w - 2) || !spine_word_holds(w - 3) ||
                    !spine_word_holds(w - 4) || !spine_word_holds(w - 5) || !spine_word_holds(w - 6) ||
                    !spine_word_holds(w - 7) || !spine_word_holds(w - 8))
                        return false;
        return true;
}

static inline bool spine_holds(const struct spine *spine, const struct spine_frame *frame)
{
        return spine_sweep_holds(spine, frame->sweep);
}

/* Index + 1 of the innermost frame at or outside of junction (index + 1)
 * below which a word differs: walking out of that frame leads elsewhere than
 * it did.  0 when all words match. */
uint32_t spine_first_difference(const struct spine *spine, uint32_t junction);

#endif
