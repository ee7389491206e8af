#include "guard.h"

#include "ring.h"
#include "unwind.h"

enum relation {
        NESTED,      /* the real function of the hook that raised the guard called this one */
        INTERRUPTED, /* a signal handler did, which interrupted that hook */
        ABANDONED,   /* that hook will never return */
};

enum { FRAMES = 16 }; /* walked without mapping memory */

static enum relation relation_on(const struct trail *trail, uintptr_t holder_sp)
{
        bool signal = false;
        uint32_t i;

        for (i = 0; i < trail->count; i++) {
                signal |= trail->frames[i].flags & WEIR_FRAME_EXACT;
                if (i && trail->frames[i].sp == holder_sp)
                        return signal ? INTERRUPTED : NESTED;
        }
        return i && trail->frames[i - 1].flags & WEIR_FRAME_TRUNCATED ? NESTED : ABANDONED;
}

/* How the hook that `at` called stands to the one that raised the guard. */
static enum relation relation_to(uintptr_t holder, struct frame_state at)
{
        uintptr_t holder_sp = (holder & ~(uintptr_t)GUARD_FLAGS) + ARCH_MARK_BELOW_SP;
        struct trail_frame frames[FRAMES];
        struct trail trail = { .frames = frames, .capacity = FRAMES };
        enum relation relation = NESTED;

        if (guard_is_near(holder, at.sp))
                return NESTED;
        if (unwind_frames(thread_local_state.self->unwind, &trail, at) == WALK_END)
                relation = relation_on(&trail, holder_sp);
        trail_release(&trail);
        return relation;
}

/* The thread is about to become known, or dlsym finds its functions: there is
 * no second beginning inside the first. */
static bool is_beginning(void)
{
        return !thread_local_state.self || thread_local_state.resolving;
}

/* Outside of every hook. */
static uintptr_t outside(void)
{
        return process_self->plain == GUARD_OPEN ? GUARD_OPEN : GUARD_SLOW;
}

/* `interrupted` is what the guard of the interrupted hook was, or 0. */
static uintptr_t begin(struct frame_state at, uintptr_t interrupted)
{
        struct thread_local_state *local = &thread_local_state;
        uintptr_t found = local->guard;

        if (process_self->mode >= PROCESS_OFF)
                return 0;
        local->guard = at.sp - ARCH_MARK_BELOW_SP;
        if (process_enter())
                return interrupted ? interrupted : outside();
        local->guard = found;
        return 0;
}

/* The hook that raised the guard was left. */
static uintptr_t begin_again(struct frame_state at)
{
        uintptr_t entered = begin(at, 0);

        if (entered)
                ring_close_gaps();
        return entered;
}

static uintptr_t enter(struct frame_state at, bool below_new)
{
        struct thread_local_state *local = &thread_local_state;
        uintptr_t found = local->guard;
        enum relation relation;

        if (!guard_is_nested())
                return begin(at, 0);
        if (is_beginning())
                return 0;
        relation = relation_to(found, at);
        if (relation == INTERRUPTED)
                return begin(at, found);
        if (relation == ABANDONED)
                return begin_again(at);
        if (!below_new || !(found & GUARD_NEW))
                return 0;
        local->guard = (found & ~(uintptr_t)GUARD_FLAGS) | GUARD_BELOW_NEW;
        return found;
}

__attribute__((noinline)) uintptr_t guard_enter_slow(struct frame_state at)
{
        return enter(at, false);
}

__attribute__((noinline)) uintptr_t guard_enter_below_new_slow(struct frame_state at)
{
        return enter(at, true);
}
