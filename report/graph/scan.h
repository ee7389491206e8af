/*
 * scan.h: one pass over the contents of blocks and roots; their words that
 * point at blocks become edges.
 *
 * An edge of a block is one 64-bit number, ascending by target, strength
 * (strongest first), offset; there is one for each pair of source and target,
 * the strongest, and of equals the first.  The edges of block `id` are
 * contiguous (compressed sparse rows), ascending by offset.
 *
 * Where the memory allows it, each processor scans a part of the blocks.
 */
#ifndef WEIR_GRAPH_SCAN_H
#define WEIR_GRAPH_SCAN_H

#include "../capture/snapshot.h"
#include "../emit/report.h"
#include "../share.h"
#include "ids.h"
#include "pointers.h"
#include "rows.h"
#include "table.h"

/* target:36  weakness:3 (STRENGTH_EXACT - strength)  word:21  words-1:4 */
typedef uint64_t edge_t;

enum {
        EDGE_TARGET_SHIFT = 28,
        EDGE_WEAKNESS_SHIFT = 25,
        EDGE_WORD_SHIFT = 4,
        EDGE_WORD_FAR = (1 << 21) - 1, /* that word or a later one: read the block to know */
        EDGE_COUNT_MANY = 16,          /* so many words or more */
};

static inline uint64_t edge_target(edge_t edge)
{
        return edge >> EDGE_TARGET_SHIFT;
}

static inline enum strength edge_strength(edge_t edge)
{
        return (enum strength)(STRENGTH_EXACT - (edge >> EDGE_WEAKNESS_SHIFT & 7));
}

/* Index of the word among the source's aligned words, at most EDGE_WORD_FAR. */
static inline uint64_t edge_word(edge_t edge)
{
        return edge >> EDGE_WORD_SHIFT & EDGE_WORD_FAR;
}

/* Words of the source that point at the target, at most EDGE_COUNT_MANY. */
static inline unsigned edge_count(edge_t edge)
{
        return (unsigned)(edge & 15) + 1;
}

static inline edge_t edge_make(uint64_t target, enum strength strength, uint64_t word)
{
        return target << EDGE_TARGET_SHIFT | (uint64_t)(STRENGTH_EXACT - strength) << EDGE_WEAKNESS_SHIFT |
               (word < EDGE_WORD_FAR ? word : EDGE_WORD_FAR) << EDGE_WORD_SHIFT;
}

static inline edge_t edge_with_strength(edge_t edge, enum strength strength)
{
        return (edge & ~(7ull << EDGE_WEAKNESS_SHIFT)) | (uint64_t)(STRENGTH_EXACT - strength) << EDGE_WEAKNESS_SHIFT;
}

/* Bytes from the block's start to its first aligned word. */
static inline uint64_t block_lead(const struct block *block)
{
        return -block->address & 7;
}

/* A root's word, one for each pair of root and target. */
struct root_edge {
        uint64_t to;
        uint64_t into;   /* offset in the target */
        uint64_t offset; /* bytes from the root's start; ROOT_REGISTER: 8 * index */
        uint32_t root;
        uint32_t count; /* words of the root that point there */
        enum strength strength;
};

/* A block's word of strength interior or end, kept until strengths_refine has
 * looked at it: source:36 word:21 (0):7, and target:36 into:28. */
struct inner_word {
        uint64_t source_word, target_into;
};

enum { INNER_FAR = (1 << 28) - 1 }; /* that offset in the target or a greater one */

static inline uint64_t inner_source(const struct inner_word *w)
{
        return w->source_word >> 28;
}

static inline uint64_t inner_source_word(const struct inner_word *w)
{
        return w->source_word & EDGE_WORD_FAR;
}

static inline uint64_t inner_target(const struct inner_word *w)
{
        return w->target_into >> 28;
}

static inline uint64_t inner_into(const struct inner_word *w)
{
        return w->target_into & INNER_FAR;
}

/* The inner words that one part of the scan found: by source, then offset.  Of
 * words that point to the same place from the same source, later ones may be
 * missing, unless the target came from operator new (tails.h). */
struct inner_list {
        struct inner_word *words;
        uint64_t count;
        size_t reserved; /* bytes of them from mem_reserve; 0: they are from mem_grow */
};

struct scan {
        struct rows rows; /* of each block its edges, as indexes */
        edge_t *edges;    /* with gaps: see rows.h */
        size_t reserved;  /* bytes of them from mem_reserve; 0: they are from mem_grow */
        uint64_t edge_count;
        struct root_edge *roots; /* by root, then offset */
        uint64_t root_count;
        uint64_t *first;                    /* of each block its first word, 0 where there is none */
        struct inner_list inner[SHARE_MAX]; /* by source; none after strengths_refine */
        unsigned inner_lists;
        bool odd;           /* some block from operator new has a size that is no multiple of eight */
        struct table tails; /* block -> where its live words are; see tails.h */
        uint64_t *rests;    /* dead words in the midst of blocks, ascending; likewise */
        uint64_t rest_count;
        uint64_t bytes;     /* read */
};

static inline const edge_t *scan_edges(const struct scan *scan, uint64_t id, uint64_t *count)
{
        uint64_t row = rows_start(&scan->rows, id);

        *count = rows_end(&scan->rows, id) - row;
        return scan->edges + row;
}

/* Scans everything.  Marks blocks that cannot be read in full
 * BLOCK_UNREADABLE.  Every word of a root is still an edge of its own, until
 * strengths_refine calls scan_merge_roots.  0, or -1 with the error set and
 * nothing to free. */
int scan_run(struct scan *scan, const struct snapshot *snapshot, const struct pointers *pointers, struct error *e);
void scan_free(struct scan *scan);

/* Releases the inner words of one list, or of all. */
void inner_list_free(struct inner_list *inner);
void scan_free_inner(struct scan *scan);

/* Leaves one edge for each pair of root and target: the strongest, first. */
void scan_merge_roots(struct scan *scan);

/* Visits the ranges that belong to a block itself: all of it, but for what
 * blocks inside it cover.  `visit` returns non-zero to stop; that is
 * returned. */
int scan_ranges(const struct snapshot *snapshot, const struct pointers *pointers, uint64_t id,
                int (*visit)(void *context, uint64_t start, uint64_t end), void *context);

/* How far it makes sense to read when the contents of block `id` are read:
 * the end of the blocks that follow it closely. */
uint64_t scan_horizon(const struct snapshot *snapshot, uint64_t id);

/* Is the word at bytes[at] inside text: a run of at least 128 printable
 * characters, or a series of at least three NUL-terminated strings of at least
 * 10?  (Dr. Memory's rule, Bruening and Zhao, CGO 2011.) */
bool scan_is_text(const uint8_t *bytes, size_t size, size_t at);

enum { TEXT_CONTEXT = 512 }; /* bytes before and after a word that decide */

#endif
