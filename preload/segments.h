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
 * Two direct-mapped tables: frames (with their discriminators) and segments,
 * whose words are in a ring that the youngest overwrite.  Whatever is
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
        SEGMENTS = 256,
        SEGMENT_WORDS = 96,   /* of one segment */
        SEGMENT_POOL = 2048,  /* words of all segments, a power of two */
        SEGMENT_HEADS = 512,
        SEGMENT_DISCRIMINATORS = 2,
        SEGMENT_REACH = 0xfffe, /* words from the frame's sp that an offset can tell */
        SEGMENT_NOWHERE = 0xffff,
};

/* A frame where allocations begin, and where to look to tell them apart. */
struct segment_head {
        uint64_t key; /* pc, and the function in bits 56..63 */
        uintptr_t sp;
        uint16_t discriminators[SEGMENT_DISCRIMINATORS]; /* words above sp, or SEGMENT_NOWHERE */
};

struct segment {
        uint64_t key;
        uintptr_t sp, fp;
        uintptr_t junction_fp;
        uint64_t start;           /* position of its words, counted since the ring began */
        uint32_t junction;        /* index of the spine's frame */
        uint32_t junction_node;   /* what it must be */
        uint32_t junction_offset; /* its sp, in bytes above `sp` */
        uint32_t id;
        uint16_t count; /* words */
        bool live;      /* fp must be the same */
};
_Static_assert(sizeof(struct segment) == 64, "a cache line");

/* Zeroed memory is valid and empty. */
struct segments {
        struct segment_head heads[SEGMENT_HEADS];
        _Alignas(64) struct segment table[SEGMENTS];
        uint64_t pool_end;             /* position of the next word */
        uint32_t offsets[SEGMENT_POOL]; /* address of the word, in bytes above the segment's sp */
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

/* Where the segment must be, as the discriminators read now. */
static inline struct segment *segment_choose(struct segments *s, const struct segment_head *head, uint64_t hash)
{
        for (int i = 0; i < SEGMENT_DISCRIMINATORS && head->discriminators[i] != SEGMENT_NOWHERE; i++)
                hash = (hash ^ ((const volatile uintptr_t *)head->sp)[head->discriminators[i]]) *
                       UINT64_C(0xd6e8feb86659fd93);
        return &s->table[hash >> 48 & (SEGMENTS - 1)];
}

/* Whether its words are still in the ring and in memory.  A segment's words
 * never wrap. */
static inline bool segment_words_hold(const struct segments *s, const struct segment *g)
{
        const uint32_t *offsets = &s->offsets[g->start & (SEGMENT_POOL - 1)];
        const uintptr_t *values = &s->values[g->start & (SEGMENT_POOL - 1)];
        uintptr_t differs = 0;

        if (__builtin_expect(s->pool_end - g->start > SEGMENT_POOL, 0))
                return false;
        for (unsigned i = 0; i < g->count; i++)
                differs |= *(const volatile uintptr_t *)(g->sp + offsets[i]) ^ values[i];
        return differs == 0;
}

/* The spine frame that the segment leads to, if it is still the same. */
static inline const struct spine_frame *segment_junction(const struct segment *g, const struct spine *spine)
{
        const struct spine_frame *frame = &spine->frames[g->junction];

        if (g->junction >= spine->count || frame->node != g->junction_node ||
            frame->sp != g->sp + g->junction_offset || (frame->live && frame->fp != g->junction_fp))
                return NULL;
        return frame;
}

/* The stack's id, proven by reading, or 0. */
static inline uint32_t segments_find(struct segments *s, const struct spine *spine, struct frame_state at,
                                     enum weir_function function)
{
        uint64_t key = segment_key(at, function), hash = segment_hash(key, at.sp);
        const struct segment_head *head = segment_head_of(s, hash);
        const struct spine_frame *junction;
        const struct segment *g;

        if (head->key != key || head->sp != at.sp)
                return 0;
        g = segment_choose(s, head, hash);
        if (g->key != key || g->sp != at.sp || (g->live && g->fp != at.fp) || !segment_words_hold(s, g))
                return 0;
        junction = segment_junction(g, spine);
        if (!junction || !spine_sweep(spine, junction->words))
                return 0;
        return g->id;
}

/* Number of words of a trail (spine.h: marked, the junction behind it). */
unsigned segment_length(const struct trail *trail);

/* Remembers the event whose marked and interned trail leads to the spine's
 * frame `junction` (index + 1, not 0).  `id` is its answer.  Does nothing when
 * the words do not fit. */
void segments_learn(struct segments *s, const struct trail *trail, const struct spine *spine, uint32_t junction,
                    enum weir_function function, uint32_t id);

#endif
