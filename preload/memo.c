#include "memo.h"

#include <string.h>

/* Nothing that leads into the store counts from here on. */
static void begin(struct memo *memo)
{
        memo->last = NULL;
        memset(&memo->guesses, 0, sizeof memo->guesses);
}

static void forget(struct memo *memo)
{
        store_reset(&memo->store);
        begin(memo);
}

bool memo_enter(struct memo *memo, uintptr_t sp, uint64_t key)
{
        uint64_t holder = memo->holder;

        if (holder < MEMO_KEYS && sp < holder)
                return false;
        memo_begin(memo, sp);
        if (holder != key)
                forget(memo);
        return true;
}

struct trail memo_trail(struct memo *memo)
{
        if (memo->deep.frames)
                return (struct trail){ .frames = memo->deep.frames, .capacity = memo->deep.capacity };
        return (struct trail){ .frames = memo->scratch, .capacity = MEMO_TRAIL };
}

void memo_end_trail(struct memo *memo, struct trail *trail)
{
        if (!trail->mapped || trail->capacity > MEMO_TRAIL_KEPT) {
                trail_release(trail);
                return;
        }
        trail_release(&memo->deep);
        memo->deep = *trail;
}

void memo_release(struct memo *memo)
{
        store_release(&memo->store);
        trail_release(&memo->deep);
}

static struct trail_frame *push(struct trail *trail, struct frame_state at)
{
        struct trail_frame *frame;

        if (trail->count == trail->capacity && !trail_grow(trail))
                return NULL;
        frame = &trail->frames[trail->count++];
        frame->pc = at.pc;
        frame->sp = at.sp;
        frame->fp = at.fp;
        frame->flags = 0;
        return frame;
}

/* Whether a walk that came to `at` has met the limb's frame. */
static bool same_frame(const struct limb *l, struct frame_state at)
{
        return limb_sp(l) == at.sp && l->pc == at.pc && (!l->live || l->fp[0] == at.fp);
}

enum walk_result memo_walk(struct memo_walk *w, struct frame_state at)
{
        const struct limb *next = w->known;
        struct window window = { at.sp, w->high };

        w->junction = NULL;
        for (;;) {
                struct trail_frame *frame = push(&w->trail, at);
                enum walk_result result;

                if (!frame)
                        return WALK_ODD;
                while (next && limb_sp(next) < at.sp)
                        next = next->outer;
                if (next && w->trail.count > 1 && same_frame(next, at)) {
                        w->trail.count--;
                        w->junction = next;
                        return WALK_ON;
                }
                frame->rule = rules_find(at.pc);
                if (frame->rule == RULE_UNKNOWN)
                        frame->rule = rules_learn(at.pc, true);
                frame->fp_word = 0;
                frame->base_word = 0;
                if (frame->rule == RULE_END)
                        return WALK_END;
                if (frame->rule >= RULE_NONE)
                        return WALK_ODD;
                result = walk_step(frame, &window, window_word, &at);
                if (result != WALK_ON || at.pc == 0)
                        return WALK_ODD;
        }
}

/* The event's leaf: one that was known, or a new one, or NULL.  *outer becomes
 * the innermost limb of its stack that is known now. */
static struct leaf *learn(struct store *s, const struct memo_walk *w, enum weir_function function, uint32_t id,
                          const struct limb **outer)
{
        const struct trail_frame *frame = &w->trail.frames[0];
        uint64_t key = leaf_key(frame->pc, function), callers, home, here;
        struct leaf *leaf;
        struct limb_run run;

        if (!limbs_make(s, &w->trail, outer, &run))
                return NULL;
        callers = leaf_callers((struct frame_state){ frame->pc, frame->sp, frame->fp }, w->high);
        home = leaf_hash(key, frame->sp, callers, NULL);
        here = leaf_hash(key, frame->sp, callers, w->known);
        leaf = leaf_find(s, home, key, frame->sp, &frame->fp);
        if (!leaf) {
                leaf = leaf_make(s, frame, function, *outer, &run, id);
                if (!leaf)
                        return NULL;
                store_index(s, home, STORE_LEAF, leaf);
        }
        if (here != home)
                store_index(s, here, STORE_LEAF, leaf);
        return leaf;
}

void memo_learn(struct memo *memo, const struct memo_walk *w, enum weir_function function, uint32_t id, bool again)
{
        const struct trail_frame *frame = &w->trail.frames[0];
        const struct limb *outer = w->junction;
        struct leaf *leaf = learn(&memo->store, w, function, id, &outer);

        store_walked(&memo->store, again);
        memo->last = outer;
        if (leaf)
                *leaf_guess_of(&memo->guesses, leaf->key, frame->sp) = leaf;
        else if (memo->store.full && store_make_room(&memo->store))
                begin(memo);
}
