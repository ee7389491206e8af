/*
 * memo.h: what one thread remembers of its last stacks, as a whole.
 *
 * First the segments are asked (segments.h); when they do not know, the stack
 * is walked frame by frame until the walk meets the spine (spine.h), and the
 * result is learned: as a segment where it is short, else by moving the spine
 * to where the program now works.
 *
 * Private to one thread; memo_enter guards it against the thread's own signal
 * handlers.  Zeroed memory is valid.
 */
#ifndef WEIR_MEMO_H
#define WEIR_MEMO_H

#include "segments.h"
#include "spine.h"
#include "walk.h"

enum {
        MEMO_TRAIL = 24,        /* new frames without mapping memory */
        MEMO_TRAIL_KEPT = 1024, /* room for that many is kept once it was mapped */
        /* Frames walked in vain since the spine last moved, after which it
         * moves: the program works elsewhere by now. */
        MEMO_DEBT = 64,
};

/* Keys are not below it, and stack pointers are. */
#define MEMO_KEYS (UINT64_C(1) << 48)

struct memo {
        /* The sp of the event being worked on; while there is none, the key of
         * what all below belongs to (recall.h).  0 = nothing. */
        uint64_t holder;
        uint32_t debt;
        struct segments segments;
        struct spine spine;
        struct trail deep; /* mapped for a walk that did not fit in `scratch`, and kept */
        struct trail_frame scratch[MEMO_TRAIL];
};

/* Whether the memo is of `key` and free: then its segments may be asked. */
static inline bool memo_ready(const struct memo *memo, uint64_t key)
{
        return memo->holder == key;
}

/* Claims the memo for the event at `sp`.  False when an event of this thread
 * is being worked on: this one comes from a signal handler then, whose frames
 * lie below.  An event at or above that one's sp proves that it was abandoned
 * by a longjmp; what it left half done is forgotten. */
bool memo_enter(struct memo *memo, uintptr_t sp, uint64_t key);

/* The two that enclose all use of the memo. */
static inline void memo_begin(struct memo *memo, uintptr_t sp)
{
        memo->holder = sp;
        __asm__ volatile("" ::: "memory");
}

static inline void memo_end(struct memo *memo, uint64_t key)
{
        __asm__ volatile("" ::: "memory");
        memo->holder = key;
}

/* An empty trail for the event; to be given back by memo_end_trail. */
struct trail memo_trail(struct memo *memo);
void memo_end_trail(struct memo *memo, struct trail *trail);

/* Unmaps what was mapped.  The memory may be wiped then. */
void memo_release(struct memo *memo);

/* Walks from `at` until the spine or the end of the stack.  WALK_ON: *junction
 * is the spine's frame (index + 1), and stands as one more frame behind the
 * trail's count.  WALK_END: *junction is 0.  WALK_ODD: neither can be had. */
enum walk_result memo_walk(struct memo *memo, struct trail *trail, struct frame_state at, struct window window,
                           uint32_t *junction);

/* Where the trail's path continues outside, for nodes_intern. */
struct nodes_place memo_place(const struct memo *memo, uint32_t junction);

/* Learns a walked, marked and interned event whose answer is `id`; `again` when
 * this stack had an id before. */
void memo_learn(struct memo *memo, struct trail *trail, uint32_t junction, enum weir_function function, uint32_t id,
                bool again);

#endif
