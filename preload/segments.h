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
 * choose among the segments.
 *
 * Two direct-mapped tables: discriminators, and segments, whose words are in a
 * ring that the youngest overwrite.  Whatever is
 * overwritten costs a walk when it is wanted again, and no more.
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
        SEGMENTS = 1024,
        SEGMENT_WORDS = 96,  /* of one segment */
        SEGMENT_POOL = 2048, /* words of all segments, a power of two */
        SEGMENT_HEADS = 512,
        SEGMENT_DISCRIMINATORS = 2,
        SEGMENT_REACH = 0xfffe, /* words above the frame's sp that can be told */

        /* Fields of `junction`. */
        SEGMENT_INDEX = (1 << 20) - 1,
        SEGMENT_COUNT_SHIFT = 20,
        SEGMENT_COUNT = 0x7f,
        SEGMENT_LIVE = 1 << 27,
        SEGMENT_JUNCTION_LIVE = 1 << 28,
};

/* Where to look to tell apart the stacks of one frame.  A head that belongs to
 * another frame does no harm: it only leads to another segment. */
struct segment_head {
        uint32_t tag;                                    /* of (key, sp) */
        uint16_t discriminators[SEGMENT_DISCRIMINATORS]; /* words above sp, plus 1; 0 = none */
};

struct segment {
        uint64_t key;             /* pc, and the function in bits 56..63 */
        uint32_t sp;              /* low half: a thread's stack is smaller than 4 GiB */
        uint32_t start;           /* position of its values, counted since the ring began */
        uint32_t junction;        /* index of the spine's frame, number of words, and what is live */
        uint32_t junction_node;   /* what that frame must be */
        uint32_t junction_offset; /* its sp, in bytes above `sp` */
        uint32_t id;
};
_Static_assert(sizeof(struct segment) == 32, "two in a cache line");

/* Zeroed memory is valid and empty.
 *
 * A segment's values in the ring: its fp if that is live, its words, and the
 * junction's fp if that is live. */
struct segments {
        struct segment_head heads[SEGMENT_HEADS];
        _Alignas(64) struct segment table[SEGMENTS];
        uint32_t pool_end;              /* position of the next value */
        uint16_t offsets[SEGMENT_POOL]; /* address of a word, in words above the segment's sp */
        uintptr_t values[SEGMENT_POOL];
};

static inline uint64_t segment_key(struct frame_state at, enum weir_function function)
{
        return at.pc | (uint64_t)function << 56;
}

static inline uint64_t segment_hash(uint64_t key, uintptr_t sp)
{
        return (key ^ sp << 20) * UINT64_C(0x9e3779b97f4a7c15);
}

static inline struct segment_head *segment_head_of(struct segments *s, uint64_t hash)
{
        return &s->heads[hash >> 55];
}

static inline uint32_t segment_tag(uint64_t hash)
{
        return (uint32_t)(hash >> 16);
}

/* Where the segment must be, as the discriminators read now.  Nothing is read
 * at or above `high`. */
static inline struct segment *segment_choose(struct segments *s, const struct segment_head *head, uint64_t hash,
                                             uintptr_t sp, uintptr_t high)
{
        if (head->tag == segment_tag(hash)) {
                for (int i = 0; i < SEGMENT_DISCRIMINATORS && head->discriminators[i]; i++) {
                        uintptr_t at = sp + 8 * (uintptr_t)(head->discriminators[i] - 1);

                        if (__builtin_expect(at <= high - 8, 1))
                                hash = (hash ^ *(const volatile uintptr_t *)at) * UINT64_C(0xd6e8feb86659fd93);
                }
        }
        return &s->table[hash >> 45 & (SEGMENTS - 1)];
}

static inline bool segment_kept(const struct segments *s, const struct segment *g)
{
        return s->pool_end - g->start <= SEGMENT_POOL;
}

/* Whether a frame in the place of the segment's has its fp, if that matters,
 * and its words are in memory. */
static inline bool segment_holds(const struct segments *s, const struct segment *g, struct frame_state at)
{
        const uint16_t *offsets = &s->offsets[g->start & (SEGMENT_POOL - 1)];
        const uintptr_t *values = &s->values[g->start & (SEGMENT_POOL - 1)];
        unsigned count = g->junction >> SEGMENT_COUNT_SHIFT & SEGMENT_COUNT;
        uintptr_t differs = 0;

        if (g->junction & SEGMENT_LIVE) {
                differs = at.fp ^ *values++;
                offsets++;
        }
        for (unsigned i = 0; i < count; i++)
                differs |= ((const volatile uintptr_t *)at.sp)[offsets[i]] ^ values[i];
        return differs == 0;
}

/* Its value of the junction's fp, behind the words. */
static inline uintptr_t segment_junction_fp(const struct segments *s, const struct segment *g)
{
        unsigned count = g->junction >> SEGMENT_COUNT_SHIFT & SEGMENT_COUNT;

        return s->values[(g->start & (SEGMENT_POOL - 1)) + count + (g->junction & SEGMENT_LIVE ? 1 : 0)];
}

/* The spine frame that the segment leads to, if it is still the same.  One
 * node means one path outward, and so the same liveness. */
static inline const struct spine_frame *segment_junction(const struct segments *s, const struct segment *g,
                                                         const struct spine *spine, uintptr_t sp)
{
        uint32_t index = g->junction & SEGMENT_INDEX;
        const struct spine_frame *frame = &spine->frames[index];

        if (index >= spine->count || frame->node != g->junction_node || frame->sp != sp + g->junction_offset)
                return NULL;
        if (frame->live && (!(g->junction & SEGMENT_JUNCTION_LIVE) || frame->fp != segment_junction_fp(s, g)))
                return NULL;
        return frame;
}

/* The stack's id, proven by reading, or 0.  `at` is on the thread's own stack,
 * which ends at `high`. */
static inline uint32_t segments_find(struct segments *s, const struct spine *spine, struct frame_state at,
                                     uintptr_t high, enum weir_function function)
{
        uint64_t key = segment_key(at, function), hash = segment_hash(key, at.sp);
        const struct segment *g = segment_choose(s, segment_head_of(s, hash), hash, at.sp, high);
        const struct spine_frame *junction;

        if (g->key != key || g->sp != (uint32_t)at.sp || !segment_kept(s, g) || !segment_holds(s, g, at))
                return 0;
        junction = segment_junction(s, g, spine, at.sp);
        if (!junction || !spine_sweep(spine, junction->words))
                return 0;
        return g->id;
}

/* Forgets all. */
void segments_reset(struct segments *s);

/* Number of words of a trail (spine.h: marked, the junction behind it). */
unsigned segment_length(const struct trail *trail);

/* Remembers the event whose marked and interned trail leads to the spine's
 * frame `junction` (index + 1, not 0).  `id` is its answer.  Does nothing when
 * the words cannot be told. */
void segments_learn(struct segments *s, const struct trail *trail, const struct spine *spine, uint32_t junction,
                    uintptr_t high, enum weir_function function, uint32_t id);

#endif
