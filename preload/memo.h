/*
 * memo.h: what one thread remembers of its stacks, as a whole.
 *
 * First the leaves are asked (leaves.h); when they do not know, the stack is
 * walked frame by frame until the walk meets a limb of the last one (limbs.h),
 * and the result is learned.
 *
 * Private to one thread; memo_enter guards it against the thread's own signal
 * handlers.  Zeroed memory is valid.
 */
#ifndef WEIR_MEMO_H
#define WEIR_MEMO_H

#include "leaves.h"
#include "limbs.h"
#include "store.h"
#include "walk.h"

enum {
        MEMO_TRAIL = 24,        /* new frames without mapping memory */
        MEMO_TRAIL_KEPT = 1024, /* room for that many is kept once it was mapped */
};

/* Keys are not below it, and stack pointers are. */
#define MEMO_KEYS (UINT64_C(1) << 48)

struct memo {
        /* The sp of the event being worked on; while there is none, the key of
         * what all below belongs to (recall.h).  0 = nothing. */
        uint64_t holder;
        const struct limb *last; /* the innermost one of the last event's stack, or NULL */
        struct leaf_guesses guesses;
        struct store store;
        struct trail deep; /* mapped for a walk that did not fit in `scratch`, and kept */
        struct trail_frame scratch[MEMO_TRAIL];
};

/* Whether the memo is of `key` and free: then its leaves may be asked. */
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

/* What the frame's guess answers: the stack's id, proven by reading, or 0.
 *
 * Where this or memo_find answers, the frame is on the thread's own stack: only
 * such ones are learned, with all of their sp.  `fp` is where the frame's is
 * kept: it is hardly ever wanted. */
static inline uint32_t memo_recall(struct memo *memo, uint64_t key, uintptr_t sp, const uintptr_t *fp)
{
        const struct leaf *leaf = *leaf_guess_of(&memo->guesses, key, sp);

        if (unlikely(!leaf || !leaf_proven(leaf, key, sp, fp)))
                return 0;
        memo->last = leaf->outer;
        return leaf_id(leaf);
}

/* The leaf that the index leads to, by the innermost callers, and where that is
 * not enough by what is known of the stack; proven, or NULL.  *known as memo_find
 * leaves it. */
static inline struct leaf *memo_search(struct memo *memo, uint64_t key, uintptr_t sp, const uintptr_t *fp,
                                       uintptr_t high, const struct limb **known)
{
        uint64_t callers = leaf_callers((struct frame_state){ leaf_pc(key), sp, *fp }, high);
        struct leaf *leaf = leaf_find(&memo->store, leaf_hash(key, sp, callers, NULL), key, sp, fp);

        if (likely(leaf))
                return leaf;
        *known = limbs_known(memo->last, sp);
        return leaf_find(&memo->store, leaf_hash(key, sp, callers, *known), key, sp, fp);
}

/* What the rest answers for a frame on the thread's own stack, which ends at
 * `high`, where its guess does not: the same.  Where this does not either, *known
 * is what limbs_known says of the last stack. */
static inline uint32_t memo_find(struct memo *memo, uint64_t key, uintptr_t sp, const uintptr_t *fp, uintptr_t high,
                                 const struct limb **known)
{
        struct leaf **guess = leaf_guess_of(&memo->guesses, key, sp), *was = *guess, *leaf = was ? was->next : NULL;

        if (!leaf || !leaf_proven(leaf, key, sp, fp)) {
                leaf = memo_search(memo, key, sp, fp, high, known);
                if (unlikely(!leaf))
                        return 0;
                if (was)
                        was->next = leaf;
        }
        *guess = leaf;
        memo->last = leaf->outer;
        return leaf_id(leaf);
}

/* One walk of a stack, until a limb that it knows. */
struct memo_walk {
        struct trail trail;
        const struct limb *known;    /* the innermost limb of the last stack from which all words hold */
        const struct limb *junction; /* it or one outside of it, which the walk met; NULL: it met none */
        uintptr_t high;              /* the end of the thread's own stack */
};

/* Walks from `at`, with w->known and w->high set and w->trail empty, until a limb
 * or the end of the stack.  WALK_ON: w->junction
 * stands as one more frame behind the trail's count.  WALK_END: there is none.
 * WALK_ODD: neither can be had. */
enum walk_result memo_walk(struct memo_walk *w, struct frame_state at);

/* Learns a walked, marked and interned event whose answer is `id`; `again` when
 * this stack had an id before. */
void memo_learn(struct memo *memo, const struct memo_walk *w, enum weir_function function, uint32_t id, bool again);

#endif
