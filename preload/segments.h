/*
 * segments.h: short ways from an allocation to the spine, with the answer.
 *
 * A segment remembers one event: the frame it began at, the words that the
 * walk read until it met a frame of the spine, and the stack's id.  When the
 * same frame comes again, the words hold what they held, and the spine frame
 * is there with all its words (spine.h says why that is proof), nothing is
 * walked and nothing looked up.
 *
 * Many stacks share their innermost frame and depth, say through a wrapper of
 * malloc.  Where a remembered word told two of them apart, its place becomes
 * a *discriminator* of that frame, up to two; the values found there now
 * choose among the segments.  They choose and no more: what is chosen is
 * verified word by word.
 *
 * Most events come from a frame whose last stack comes again: a *guess* leads
 * there at once, as long as it is right: once wrong, it is dropped.  It, too,
 * chooses and no more.
 *
 * Three arrays: heads, direct-mapped by frame, with the discriminators; the
 * places of the segments, direct-mapped by frame and discriminators; and a
 * ring with the segments themselves, which the youngest overwrite.  Whatever
 * is overwritten costs a walk when it is wanted again, and no more.  They
 * begin small, inside the thread's own memory; a thread that keeps walking
 * stacks it has walked before gets larger ones out of the process's allowance.
 *
 * Private to one thread, like the spine.
 */
#ifndef WEIR_SEGMENTS_H
#define WEIR_SEGMENTS_H

#include <stdbool.h>
#include <stdint.h>

#include "frame.h"
#include "spine.h"

enum {
        SEGMENT_WORDS = 96, /* of one segment */
        SEGMENT_DISCRIMINATORS = 2,
        SEGMENT_REACH = 0xfff0, /* words above sp that can be told */
        SEGMENT_UNIT = 16,      /* bytes: what places in the ring are multiples of */

        /* Sizes at first, in bytes; each growth makes them four times as large. */
        SEGMENT_HEADS = 16 * 1024,
        SEGMENT_PLACES = 4 * 1024,
        SEGMENT_RING = 32 * 1024,

        SEGMENT_GUESSES = 64,
        SEGMENT_STREAK = 4, /* times running that make a guess; below SEGMENT_UNIT */

        /* What larger arrays of all threads may take together, in bytes. */
        SEGMENT_ALLOWANCE = 1280 * 1024,
};

/* Where to look to tell apart the stacks of one frame: words above its sp, plus
 * 1; 0 is none, and the word below sp, the return address, stands in for it.
 * Without discriminators `place` is that of the one segment. */
struct segment_head {
        uintptr_t sp;
        uint16_t discriminators[SEGMENT_DISCRIMINATORS];
        uint32_t place;
};

enum segment_live {
        SEGMENT_LIVE = 1,         /* the fp of its frame matters */
        SEGMENT_LIVE_OUTSIDE = 2, /* that of the junction does */
};

/* Offsets are in words above sp.  The most common segment, two
 * words and no fp that matters, is one cache line; behind it stand the rest of
 * a longer one: `more` values, and as many offsets. */
struct segment {
        uint64_t key;      /* pc, and the function in bits 56..63 */
        uint64_t junction; /* identity of the spine's frame */
        uint32_t sp;       /* low half: a thread's stack is smaller than 4 GiB */
        uint32_t id;
        uint32_t place;      /* of the spine's frame, in bytes from the outermost one */
        uint16_t offsets[2]; /* of the first two words, which may be one */
        uint16_t more;       /* further words */
        uint16_t live;       /* enum segment_live */
        uint32_t sweep;      /* that of the spine's frame */
        uintptr_t fp; /* where it matters; the junction's stands behind the offsets */
        uintptr_t first[2];
        uintptr_t values[];
};
_Static_assert(sizeof(struct segment) == 4 * SEGMENT_UNIT, "a cache line");

/* The segment that was found for one frame SEGMENT_STREAK times running: the
 * short way to it, without hashing. */
struct segment_guess {
        uint64_t key; /* of the frame, with all of its sp */
        uintptr_t sp;
        const struct segment *segment;
        uint32_t until; /* it is kept until the ring's end is beyond this; 0: there is none */
        uint32_t last;  /* place of the last one found, plus how often it was found again */
};

_Static_assert(sizeof(struct segment_guess) == 32, "what segment_guess_of masks");

/* Zeroed memory is valid once it was reset. */
struct segments {
        struct segment_head *heads;
        uint32_t *places; /* by frame and discriminators: bytes since the ring began */
        char *ring;
        uint32_t heads_mask, places_mask, ring_mask; /* multiples of what they index, in bytes */
        uint32_t ring_bytes;
        uint32_t end;   /* place of the next segment */
        uint32_t again; /* known stacks walked since the arrays last grew */
        size_t mapped;  /* bytes of the arrays; 0: they are the ones below */
        struct segment_guess guesses[SEGMENT_GUESSES]; /* direct-mapped by frame */
        _Alignas(64) char own[SEGMENT_HEADS + SEGMENT_PLACES + SEGMENT_RING];
};

static inline uint64_t segment_key(uintptr_t pc, enum weir_function function)
{
        return pc | (uint64_t)function << 56;
}

static inline uintptr_t segment_pc(uint64_t key)
{
        return key & ((UINT64_C(1) << 56) - 1);
}

static inline enum weir_function segment_function(uint64_t key)
{
        return (enum weir_function)(key >> 56);
}

static inline uint64_t segment_mix(uint64_t hash)
{
        return hash * UINT64_C(0x9e3779b97f4a7c15);
}

static inline uint64_t segment_hash(uint64_t key, uintptr_t sp)
{
        return segment_mix(key ^ sp << 20);
}

static inline struct segment_head *segment_head_of(const struct segments *s, uint64_t hash)
{
        return (struct segment_head *)((char *)s->heads + (hash >> 32 & s->heads_mask));
}

/* Where the place of the segment must be, as the discriminators read now.  The
 * head is one of `sp`, so they lie on the stack. */
static inline uint32_t *segment_choose(const struct segments *s, struct segment_head *head, uint64_t hash, uintptr_t sp)
{
        const arch_word *words = (const arch_word *)sp - 1;

        _Static_assert(SEGMENT_DISCRIMINATORS == 2, "both are hashed at once");
        if (!head->discriminators[0])
                return &head->place;
        hash += arch_read(&words[head->discriminators[0]]);
        hash += arch_read(&words[head->discriminators[1]]) << 21;
        return (uint32_t *)((char *)s->places + (segment_mix(hash) >> 32 & s->places_mask));
}

static inline bool segment_kept(const struct segments *s, uint32_t place)
{
        return s->end - place <= s->ring_bytes;
}

static inline struct segment *segment_at(const struct segments *s, uint32_t place)
{
        return (struct segment *)(s->ring + (place & s->ring_mask));
}

static inline struct segment_guess *segment_guess_of(struct segments *s, uint64_t key, uintptr_t sp)
{
        const uintptr_t mask = sizeof s->guesses - sizeof s->guesses[0];

        /* sp is a multiple of 16 as a rule, and two calls are some bytes apart. */
        return (struct segment_guess *)((char *)s->guesses + ((sp + 8 * key) & mask));
}

/* The head led to the segment g, at `place`, and the guess did not: there is
 * none of this frame, or no more.  A frame whose stacks take turns comes here
 * each time, and pays for little. */
static inline void segment_guess_next(const struct segments *s, struct segment_guess *guess, const struct segment *g,
                                      uintptr_t sp, uint32_t place)
{
        if (likely(guess->last - place >= SEGMENT_STREAK)) {
                guess->last = place;
        } else if (++guess->last - place == SEGMENT_STREAK) {
                __asm__("" ::: "memory"); /* reads again here what the others then need not keep */
                *guess = (struct segment_guess){ g->key, sp, g, place + s->ring_bytes, place };
        }
}

/* Of the words behind the first two. */
static inline uint16_t *segment_offsets(const struct segment *g)
{
        return (uint16_t *)&g->values[g->more];
}

static inline uintptr_t *segment_outside_fp(const struct segment *g)
{
        return (uintptr_t *)(segment_offsets(g) + ((g->more + 3) & ~3));
}

/* Whether the fps are the segment's where they matter. */
static inline bool segment_fps_hold(const struct segment *g, uintptr_t fp, const struct spine_frame *junction)
{
        return (!(g->live & SEGMENT_LIVE) || g->fp == fp) &&
               (!(g->live & SEGMENT_LIVE_OUTSIDE) || *segment_outside_fp(g) == junction->fp);
}

static inline const struct spine_frame *segment_junction(const struct segment *g, const struct spine *spine)
{
        return (const struct spine_frame *)((const char *)spine->frames + g->place);
}

static inline bool segment_word_holds(const arch_word *words, uint16_t offset, uintptr_t value)
{
        return likely(arch_read(&words[offset]) == value);
}

/* Whether what few segments have holds as well: further words, and fps that
 * matter. */
static inline bool segment_rest_holds(const struct segment *g, const struct spine *spine, const arch_word *words,
                                      uintptr_t fp)
{
        const uint16_t *offsets = segment_offsets(g);

        for (size_t i = g->more; i; i--)
                if (!segment_word_holds(words, offsets[i - 1], g->values[i - 1]))
                        return false;
        return !g->live || segment_fps_hold(g, fp, segment_junction(g, spine));
}

/* Whether a segment of the same frame is of this event: proven by reading. */
static inline bool segment_holds(const struct segment *g, const struct spine *spine, uintptr_t sp, const uintptr_t *fp)
{
        const struct spine_frame *junction = segment_junction(g, spine);
        const arch_word *words = (const arch_word *)sp;
        uint32_t rest;

        if (unlikely(junction->identity != g->junction || junction->sweep != g->sweep))
                return false;
        if (!segment_word_holds(words, g->offsets[0], g->first[0]) ||
            !segment_word_holds(words, g->offsets[1], g->first[1]))
                return false;
        __builtin_memcpy(&rest, &g->more, sizeof rest); /* both numbers */
        if (rest && unlikely(!segment_rest_holds(g, spine, words, *fp)))
                return false;
        return spine_sweep_holds(spine, g->sweep);
}

/* Not 0, which spares the caller a look. */
static inline uint32_t segment_id(const struct segment *g)
{
        if (g->id == 0)
                __builtin_unreachable();
        return g->id;
}

/* What the frame's guess answers: the stack's id, proven by reading, or 0.
 *
 * Where this or segments_find answers, the frame is on the thread's own stack:
 * only such ones are learned, and both the guess and the head know all of their
 * sp.  `fp` is where the frame's is kept: it is hardly ever wanted. */
static inline uint32_t segments_recall(struct segments *s, const struct spine *spine, uint64_t key, uintptr_t sp,
                                       const uintptr_t *fp)
{
        struct segment_guess *guess = segment_guess_of(s, key, sp);
        const struct segment *g = guess->segment;

        if (unlikely(guess->sp != sp || guess->key != key || s->end > guess->until))
                return 0;
        if (unlikely(!segment_holds(g, spine, sp, fp))) {
                guess->until = 0;
                return 0;
        }
        return segment_id(g);
}

/* What the frame's head leads to, which may become the guess: the same. */
static inline uint32_t segments_find(struct segments *s, const struct spine *spine, uint64_t key, uintptr_t sp,
                                     const uintptr_t *fp)
{
        uint64_t hash = segment_hash(key, sp);
        struct segment_head *head = segment_head_of(s, hash);
        const struct segment *g;
        uint32_t place;

        if (unlikely(head->sp != sp))
                return 0;
        place = *segment_choose(s, head, hash, sp);
        if (unlikely(!segment_kept(s, place)))
                return 0;
        g = segment_at(s, place);
        if (unlikely(g->key != key || g->sp != (uint32_t)sp || !segment_holds(g, spine, sp, fp)))
                return 0;
        segment_guess_next(s, segment_guess_of(s, key, sp), g, sp, place);
        return segment_id(g);
}

/* Forgets all; keeps larger arrays. */
void segments_reset(struct segments *s);

/* Gives larger arrays back: the memory may be wiped then. */
void segments_release(struct segments *s);

/* Says that a known stack had to be walked.  Where that happens often, the
 * arrays grow, and are empty then. */
void segments_missed(struct segments *s);

/* Remembers the event whose marked and interned trail (spine.h) leads to the
 * spine's frame `junction` (index + 1, not 0).  `id` is its answer.  False when
 * the words are too many or cannot be told. */
bool segments_learn(struct segments *s, const struct trail *trail, const struct spine *spine, uint32_t junction,
                    enum weir_function function, uint32_t id);

#endif
