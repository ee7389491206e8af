#include "memo.h"

static void forget(struct memo *memo)
{
        segments_reset(&memo->segments);
        spine_reset(&memo->spine);
        memo->debt = 0;
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
        spine_release(&memo->spine);
        segments_release(&memo->segments);
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

/* Whether a walk that came to `at` has met the spine's frame. */
static bool same_frame(const struct spine_frame *frame, struct frame_state at)
{
        return frame->sp == at.sp && frame->pc == at.pc && (!frame->live || frame->fp == at.fp);
}

/* Tries the spine at one frame of the walk.  *next (index + 1) is the
 * innermost frame that may still be met; a failed proof moves it outside of
 * the frame that leads elsewhere now.  True: *next is the junction. */
static bool try_junction(const struct spine *spine, struct frame_state at, uint32_t *next)
{
        const struct spine_frame *frame;
        uint32_t differs;

        while (*next && spine->frames[*next - 1].sp < at.sp)
                --*next;
        if (*next == 0)
                return false;
        frame = &spine->frames[*next - 1];
        if (!same_frame(frame, at))
                return false;
        if (spine_holds(spine, frame))
                return true;
        differs = spine_first_difference(spine, *next);
        *next = differs ? differs - 1 : *next - 1;
        return false;
}

enum walk_result memo_walk(struct memo *memo, struct trail *trail, struct frame_state at, struct window window,
                           uint32_t *junction)
{
        uint32_t next = spine_search(&memo->spine, at.sp);

        *junction = 0;
        for (;;) {
                struct trail_frame *frame = push(trail, at);
                enum walk_result result;

                if (!frame)
                        return WALK_ODD;
                if (trail->count > 1 && try_junction(&memo->spine, at, &next)) {
                        trail->count--;
                        *junction = next;
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

struct nodes_place memo_place(const struct memo *memo, uint32_t junction)
{
        if (junction == 0)
                return (struct nodes_place){ 0 };
        return (struct nodes_place){ spine_node(&memo->spine.frames[junction - 1]),
                                     memo->spine.frames[junction - 1].hash };
}

void memo_learn(struct memo *memo, struct trail *trail, uint32_t junction, enum weir_function function, uint32_t id,
                bool again)
{
        uint32_t fresh = trail->count - 1;
        struct trail leaf = *trail;

        if (again)
                segments_missed(&memo->segments);
        if (junction && memo->debt + fresh <= MEMO_DEBT &&
            segments_learn(&memo->segments, trail, &memo->spine, junction, function, id)) {
                memo->debt += fresh;
                return;
        }
        memo->debt = 0;
        spine_replace(&memo->spine, junction, trail);
        leaf.count = 1;
        if (fresh && memo->spine.count == junction + fresh)
                (void)segments_learn(&memo->segments, &leaf, &memo->spine, memo->spine.count, function, id);
}
