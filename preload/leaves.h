/*
 * leaves.h: a thread's remembered stacks, each with its answer.
 *
 * A leaf remembers one event: the frame it began at, the words that the walk
 * read until a limb (limbs.h), and the stack's id.  When the same frame comes
 * again, its words hold what they held, and so do those of all its limbs
 * (limbs.h says why that is proof), nothing is walked and nothing looked up.
 *
 * Four ways lead to a leaf.  A *guess* is the frame's last one.  Where that is
 * wrong, the one that was right when it last was wrong mostly is again: stacks
 * take turns.  Where not, the return addresses of the innermost callers, which
 * are found by their rules, tell most stacks of a frame apart; and where they do
 * not, the innermost limb of the last event that still holds does.  Leaves are
 * indexed by these two.  All choose and no more: what is chosen is verified word
 * by word.
 *
 * Private to one thread, like the limbs.
 */
#ifndef WEIR_LEAVES_H
#define WEIR_LEAVES_H

#include <stdbool.h>
#include <stdint.h>

#include "limbs.h"
#include "lookup.h"
#include "memory.h"
#include "rules.h"

enum {
        LEAF_CALLERS = 5, /* frames whose return addresses tell stacks apart; each takes some 3 ns */
        LEAF_GUESSES = 256,
};

struct leaf {
        uint64_t key; /* pc, and the function in bits 56..63 */
        uintptr_t sp;
        const struct limb *outer; /* NULL: there is none */
        struct leaf *next;        /* what was right when this, as a guess, last was not; NULL: nothing yet */
        uint32_t id : 24;
        uint32_t more : 7; /* groups of words behind the first */
        uint32_t live : 1; /* the fp of its frame matters, and stands behind them */
        uint32_t above;    /* words from sp to the lowest one: the base */
        struct words words[];
};
_Static_assert(LOOKUP_NUMBERS < 1 << 24, "what an id holds");

/* Zeroed memory is valid: there is none. */
struct leaf_guesses {
        struct leaf *leaf[LEAF_GUESSES]; /* direct-mapped by frame */
};

static inline uint64_t leaf_key(uintptr_t pc, enum weir_function function)
{
        return pc | (uint64_t)function << 56;
}

static inline uintptr_t leaf_pc(uint64_t key)
{
        return key & ((UINT64_C(1) << 56) - 1);
}

static inline enum weir_function leaf_function(uint64_t key)
{
        return (enum weir_function)(key >> 56);
}

static inline struct leaf **leaf_guess_of(struct leaf_guesses *g, uint64_t key, uintptr_t sp)
{
        const uintptr_t mask = sizeof g->leaf - sizeof g->leaf[0];

        /* sp is a multiple of 16 as a rule, and two calls are some bytes apart. */
        return (struct leaf **)((char *)g->leaf + ((sp / 2 + 8 * key) & mask));
}

/* Not 0, which spares the caller a look. */
static inline uint32_t leaf_id(const struct leaf *leaf)
{
        if (leaf->id == 0)
                __builtin_unreachable();
        return leaf->id;
}

/* Whether what only some leaves have holds as well. */
static inline bool leaf_rest_holds(const struct leaf *leaf, const arch_word *base, const uintptr_t *fp)
{
        const struct words *w = leaf->words;

        for (unsigned i = leaf->more; i; i--)
                if (!words_hold(++w, base))
                        return false;
        return !leaf->live || *(const uintptr_t *)(w + 1) == *fp;
}

/* Whether a leaf is of the frame, and its own words are. */
static inline bool leaf_holds(const struct leaf *leaf, uint64_t key, uintptr_t sp, const uintptr_t *fp)
{
        const arch_word *base = (const arch_word *)sp + leaf->above;

        if (unlikely(leaf->key != key || leaf->sp != sp) || !words_hold(leaf->words, base))
                return false;
        return !(leaf->more | leaf->live) || leaf_rest_holds(leaf, base, fp);
}

/* The leaf is this event's stack: proven. */
static inline bool leaf_proven(const struct leaf *leaf, uint64_t key, uintptr_t sp, const uintptr_t *fp)
{
        return leaf_holds(leaf, key, sp, fp) && limbs_hold(leaf->outer);
}

/* A hash of the return addresses of the innermost callers, as far as short
 * rules tell them.  The frame is on the thread's own stack, which ends at
 * `high`. */
static inline uint64_t leaf_callers(struct frame_state at, uintptr_t high)
{
        struct window own = { at.sp, high };
        uint64_t hash = 0;

        for (int i = 0; i < LEAF_CALLERS; i++) {
                unsigned rule = rules_find(at.pc), slot = rule >> RULE_FP_SHIFT;
                uintptr_t cfa = (rule & RULE_FROM_FP ? at.fp : at.sp) + 8u * (rule & RULE_CFA);

                if (unlikely(rule == RULE_UNKNOWN || rule & RULE_LONG || cfa < ARCH_RA_BELOW_CFA ||
                             !window_word(&own, cfa - ARCH_RA_BELOW_CFA, &at.pc)))
                        break;
                if (slot && !window_word(&own, cfa - 8 * slot, &at.fp))
                        break;
                at.sp = cfa;
                hash = store_mix(hash + at.pc);
        }
        return hash;
}

/* Of the leaves of one frame and its callers; those met inside of a known limb, if not NULL. */
static inline uint64_t leaf_hash(uint64_t key, uintptr_t sp, uint64_t callers, const struct limb *known)
{
        uint64_t hash = store_mix(key ^ sp << 20) + callers + (uintptr_t)known;

        return store_mix(hash ^ hash >> 29);
}

/* The frame's leaf that the index leads to: proven, or NULL. */
static inline struct leaf *leaf_find(const struct store *s, uint64_t hash, uint64_t key, uintptr_t sp,
                                     const uintptr_t *fp)
{
        const uint32_t *bucket = store_bucket(s, hash);
        uint32_t tag = store_tag(hash, STORE_LEAF);

        for (int i = 0; i < STORE_WAYS; i++) {
                struct leaf *leaf = store_at(s, bucket[i]);

                if (store_meant(bucket[i], tag) && leaf_proven(leaf, key, sp, fp))
                        return leaf;
        }
        return NULL;
}

/* Makes the leaf of the event at `frame` from its words out to `outer`; NULL
 * when there is no room. */
struct leaf *leaf_make(struct store *s, const struct trail_frame *frame, enum weir_function function,
                       const struct limb *outer, const struct limb_run *run, uint32_t id);

#endif
