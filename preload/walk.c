#include "walk.h"

/* Signal frames that one walk may cross: more than ever nest, and an end for
 * a stack that was scribbled over so that it leads back into itself. */
enum { SIGNALS_MOST = 256 };

/* The interrupted frame behind a handler: its registers are in the ucontext
 * that the signal return code finds at its stack pointer. */
static enum walk_result step_signal(const struct trail_frame *at, struct window *w, struct frame_state *out)
{
        if (!memory_word(w, at->sp + ARCH_SIGNAL_PC, &out->pc) || !memory_word(w, at->sp + ARCH_SIGNAL_SP, &out->sp) ||
            !memory_word(w, at->sp + ARCH_SIGNAL_FP, &out->fp))
                return WALK_ODD;
        return WALK_ON;
}

/* Out of code without tables, as libunwind does it: by the frame pointer, when
 * that is near.  Its idea of the stack pointer out there is kept as well, wrong
 * as it is: sp only matters to a frame that has a table but no frame pointer.
 * A linkage entry and what cannot be read are left to it.  The code is looked
 * at each time, for it may change. */
static enum walk_result step_guess(struct trail_frame *at, struct window *w, struct window *code,
                                   struct frame_state *out)
{
        uintptr_t word, next;

        if (!memory_word(code, at->pc, &word) || !memory_word(code, at->pc + 8, &next) || arch_linkage_entry(word))
                return WALK_ODD;
        if (at->fp == 0)
                return WALK_END;
        if (at->fp < at->sp || at->fp - at->sp > ARCH_GUESS_REACH || !memory_word(w, at->fp, &out->fp)) {
                at->flags |= WEIR_FRAME_TRUNCATED;
                return WALK_END;
        }
        if (!memory_word(w, at->fp + 8, &out->pc) || out->pc == 0)
                return WALK_ODD;
        out->sp = at->sp + ARCH_GUESS_POPS;
        return WALK_ON;
}

static struct trail_frame *push(struct trail *trail, struct frame_state at, uint8_t flags)
{
        struct trail_frame *frame;

        if (trail->count == trail->capacity && !trail_grow(trail))
                return NULL;
        frame = &trail->frames[trail->count++];
        *frame = (struct trail_frame){ .pc = at.pc, .sp = at.sp, .fp = at.fp, .flags = flags };
        return frame;
}

enum walk_result walk_all(struct trail *trail, struct frame_state at, struct window w, bool keep)
{
        enum walk_result result;
        struct window code = { 0 };
        unsigned signals = 0;
        uint8_t flags = 0;

        for (;;) {
                struct trail_frame *frame = push(trail, at, flags);
                uintptr_t key = at.pc + (flags & WEIR_FRAME_EXACT ? 1 : 0);

                if (!frame) {
                        if (trail->count)
                                trail->frames[trail->count - 1].flags |= WEIR_FRAME_TRUNCATED;
                        return WALK_END;
                }
                frame->rule = keep ? rules_find(key) : RULE_UNKNOWN;
                if (frame->rule == RULE_UNKNOWN)
                        frame->rule = rules_learn(key, keep);
                flags = 0;
                if (frame->rule == RULE_END)
                        return WALK_END;
                if (frame->rule == RULE_ODD)
                        return WALK_ODD;
                if (frame->rule == RULE_SIGNAL) {
                        result = signals++ < SIGNALS_MOST ? step_signal(frame, &w, &at) : WALK_ODD;
                        flags = WEIR_FRAME_EXACT;
                } else if (frame->rule == RULE_NONE) {
                        result = step_guess(frame, &w, &code, &at);
                } else {
                        result = walk_step(frame, &w, memory_word, &at);
                }
                if (result != WALK_ON)
                        return result;
                if (at.pc == 0)
                        return WALK_END;
        }
}
