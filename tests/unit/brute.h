/*
 * brute.h: the definitions of DESIGN.md section 4, computed the long way
 * round: every pair, every word, to a fixed point.  For small heaps, to compare
 * the graph with.
 */
#ifndef WEIR_TEST_BRUTE_H
#define WEIR_TEST_BRUTE_H

#include "report/emit/report.h"

#include "heap.h"

enum { BRUTE_BLOCKS = 40 };

struct brute {
        size_t count;
        enum strength edges[BRUTE_BLOCKS][BRUTE_BLOCKS]; /* the strongest from block to block */
        enum strength roots[BRUTE_BLOCKS];               /* the strongest from any root */
        uint64_t references[BRUTE_BLOCKS];               /* words that point at the block */
        enum strength confidence[BRUTE_BLOCKS];
        enum kind kinds[BRUTE_BLOCKS];
        bool reaches[BRUTE_BLOCKS][BRUTE_BLOCKS]; /* lost blocks, by edges that count; itself with it */
        int head[BRUTE_BLOCKS];                   /* lost: the first block of its component */
        bool source[BRUTE_BLOCKS];                /* heads: nothing lost outside points at the component */
        int owner[BRUTE_BLOCKS];                  /* lost: head of the only source that reaches it, or -1 */
        uint64_t exclusive_bytes[BRUTE_BLOCKS], exclusive_blocks[BRUTE_BLOCKS]; /* of sources' heads */
        uint64_t shared_bytes, shared_blocks;
        uint64_t girth[BRUTE_BLOCKS]; /* of heads: length of the shortest cycle in the component, 0 = none */
};

void brute_run(struct brute *b, const struct snapshot *snapshot);

#endif
