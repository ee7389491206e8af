/*
 * walk.h: one step out of a frame, and the walk of a whole stack, by rules.
 *
 * A step is a function of (pc, sp, fp), the rule of pc and at most three
 * stack words: the return address, the saved fp and, for a realigned frame,
 * its CFA.  The addresses of those words are told in the trail, because
 * limbs.h lives on reading them again.
 */
#ifndef WEIR_WALK_H
#define WEIR_WALK_H

#include "frame.h"
#include "memory.h"
#include "rules.h"
#include "trail.h"

enum walk_result {
        WALK_ON,  /* a frame further out */
        WALK_END, /* there is none */
        WALK_ODD, /* only the reference can say */
};

/* Reads a word in a window, or says that it cannot. */
typedef bool word_reader(struct window *, uintptr_t, uintptr_t *);

/* Where the CFA of `at` is.  Short rules are the common ones. */
static inline __attribute__((always_inline)) bool walk_cfa(struct trail_frame *at, struct window *w, word_reader *read,
                                                           uintptr_t *cfa)
{
        struct cfi_rule rule;
        unsigned slot = at->rule >> RULE_FP_SHIFT;

        at->base_word = 0;
        at->fp_word = 0;
        if (__builtin_expect(!(at->rule & RULE_LONG), 1)) {
                *cfa = (at->rule & RULE_FROM_FP ? at->fp : at->sp) + 8u * (at->rule & RULE_CFA);
                if (slot)
                        at->fp_word = *cfa - 8 * slot;
                return true;
        }
        rule = rules_long(at->rule);
        *cfa = (rule.cfa == CFI_CFA_SP ? at->sp : at->fp) + (uintptr_t)(intptr_t)rule.cfa_offset;
        if (rule.cfa == CFI_CFA_FP_DEREF) {
                at->base_word = *cfa;
                if (!read(w, at->base_word, cfa))
                        return false;
        }
        if (rule.fp != CFI_FP_KEPT)
                at->fp_word = (rule.fp == CFI_FP_AT_CFA ? *cfa : at->fp) + (uintptr_t)(intptr_t)rule.fp_offset;
        return true;
}

/* Steps out of `at`, whose pc, sp, fp and rule are set (`rule` is not one of
 * the names).  WALK_ODD when a word cannot be read or the CFA does not grow:
 * the return address of a frame is never below its stack pointer. */
static inline __attribute__((always_inline)) enum walk_result walk_step(struct trail_frame *at, struct window *w,
                                                                        word_reader *read, struct frame_state *out)
{
        uintptr_t cfa;

        if (__builtin_expect(!walk_cfa(at, w, read, &cfa), 0))
                return WALK_ODD;
        if (__builtin_expect(cfa < ARCH_RA_BELOW_CFA || cfa - ARCH_RA_BELOW_CFA < at->sp, 0))
                return WALK_ODD;
        if (__builtin_expect(!read(w, cfa - ARCH_RA_BELOW_CFA, &out->pc), 0))
                return WALK_ODD;
        out->fp = at->fp;
        if (at->fp_word && __builtin_expect(!read(w, at->fp_word, &out->fp), 0))
                return WALK_ODD;
        out->sp = cfa;
        return WALK_ON;
}

/* Walks the whole stack from `at` into an empty trail: through signal frames,
 * through code without tables as libunwind guesses there, and over any stack;
 * words outside `w` are asked for page by page.  `keep` as in rules_learn.
 * WALK_END when the last frame is the outermost one; where a guess fails or
 * memory for the trail ends, the last frame is flagged as truncated. */
enum walk_result walk_all(struct trail *trail, struct frame_state at, struct window w, bool keep);

#endif
