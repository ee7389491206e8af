/*
 * limbs.h: the outer parts of a thread's remembered stacks, and the proof that
 * one is still a part of the stack.
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
 * over to the next; a limb's own return address has just been read by the walk
 * that met it.
 *
 * A limb is such a frame with the words that the walk reads from there until
 * the next limb further out, LIMB_WORDS at most; the outermost one's go on to
 * the end of the stack.  Limbs are cut from the outside in, so that stacks which
 * are alike outside share them: together they are a tree, in which every stack
 * stays known until the store (store.h) is full.  A limb never changes.
 *
 * Private to one thread; a signal handler on it must not come in (unwind.c).
 */
#ifndef WEIR_LIMBS_H
#define WEIR_LIMBS_H

#include <stdbool.h>
#include <stdint.h>

#include "frame.h"
#include "store.h"
#include "trail.h"

enum {
        WORD_GROUP = 4,
        LIMB_GROUPS = 3, /* fewer share more and take longer */
        LIMB_WORDS = LIMB_GROUPS * WORD_GROUP,
        LIMB_REACH = 0xffff, /* words above its lowest one that can be told */
};

/* Four words that a walk read, in words above some base, and what they held.
 * Where there are fewer, one stands several times. */
struct words {
        uint16_t offsets[WORD_GROUP];
        uintptr_t values[WORD_GROUP];
};

struct limb {
        const struct limb *outer, *second; /* the next one, and the one after that; NULL: there is none */
        const arch_word *base;             /* the lowest word; not below the frame's sp */
        struct words words[LIMB_GROUPS];
        uintptr_t pc;
        uint32_t below;      /* words from the frame's sp to the base */
        uint32_t node, hash; /* its path's (nodes.h) */
        bool live;
        uintptr_t fp[]; /* one, where it is live */
};

static inline uintptr_t limb_sp(const struct limb *l)
{
        return (uintptr_t)(l->base - l->below);
}

static inline bool word_holds(const arch_word *word, uintptr_t value)
{
        return likely(arch_read(word) == value);
}

/* Whether all four hold.  The offsets come in one load: it is loads that take the
 * time.  A branch for each word is quicker than gathering differences in vector
 * registers, of which a core loads half as many in a cycle; and gathering
 * loads take twice as long. */
static inline __attribute__((always_inline)) bool words_hold(const struct words *w, const arch_word *base)
{
        uint64_t offsets;

        _Static_assert(sizeof offsets == sizeof w->offsets, "as many as below");
        __builtin_memcpy(&offsets, w->offsets, sizeof offsets);
        return word_holds(base + (uint16_t)offsets, w->values[0]) &&
               word_holds(base + (uint16_t)(offsets >> 16), w->values[1]) &&
               word_holds(base + (uint16_t)(offsets >> 32), w->values[2]) &&
               word_holds(base + (offsets >> 48), w->values[3]);
}

static inline __attribute__((always_inline)) bool limb_holds(const struct limb *l)
{
#ifdef WEIR_TRUST_MEMORY /* the fault that test_unwind_control.c seeds */
        (void)l;
        return true;
#else
        _Static_assert(LIMB_GROUPS == 3, "as many as below");
        return words_hold(&l->words[0], l->base) && words_hold(&l->words[1], l->base) &&
               words_hold(&l->words[2], l->base);
#endif
}

/* Whether all hold from `l` out.  Two in each turn: all that a turn waits for
 * is to know where the next one is. */
static inline bool limbs_hold(const struct limb *l)
{
        for (; l; l = l->second)
                if (!limb_holds(l) || (l->outer && !limb_holds(l->outer)))
                        return false;
        return true;
}

/* The innermost limb from `l` out, at or above `sp`, from which all hold. */
static inline const struct limb *limbs_known(const struct limb *l, uintptr_t sp)
{
        const struct limb *known = l;

        for (; l; l = l->outer)
                if (limb_sp(l) < sp || !limb_holds(l))
                        known = l->outer;
        return known;
}

/* Works out which frames' fps are live, `outer_live` being the junction's:
 * sets `live` of each frame, and clears fp_word where the word does not matter.
 * The last frame's rule is RULE_END when there is no junction. */
void limbs_mark_live(struct trail *trail, bool outer_live);

/* Words of one walk that a limb or leaf is to tell, the outermost first. */
struct limb_run {
        unsigned count;
        uintptr_t low, high; /* the lowest and the highest address; nothing when it is empty */
        uintptr_t addresses[LIMB_WORDS], values[LIMB_WORDS];
};

/* Puts the words of a run, which is not empty, into groups: enough of them. */
void limb_run_tell(const struct limb_run *run, struct words *words, unsigned groups);

/* Finds or makes the limbs of a marked and interned trail, behind whose `count`
 * frames the junction *outer stands as one more (unless NULL).  *outer becomes
 * the innermost limb, *run the words from the innermost frame out to it.  False
 * when there are no such words, or they cannot be told, or there is no room:
 * *outer is then how far it came. */
bool limbs_make(struct store *s, const struct trail *trail, const struct limb **outer, struct limb_run *run);

#endif
