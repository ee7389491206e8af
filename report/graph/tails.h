/*
 * tails.h: the dead ends of vectors.  What lies behind the end of a vector, up
 * to its capacity, is no element any more: its words hold nothing.
 *
 * A vector is three words in a row, in a block or a root: where its elements
 * begin (the block's address), where they end, and the block's end.  The same
 * three may belong to something else that walks over the block, so only such a
 * tail counts as dead as nothing whatever points into: the block must come from
 * operator new (not malloc or new[]), no other word, also of a register, may
 * point behind the end, and the iterators of a deque, which look alike, are told
 * by the word that follows them.
 *
 * The edges of the tail become STRENGTH_AMBIGUOUS, unless another word of the
 * block, before the end, points at the same block.
 */
#ifndef WEIR_GRAPH_TAILS_H
#define WEIR_GRAPH_TAILS_H

#include "scan.h"

/* Finds the tails, weakens their edges and keeps them in scan->tails.  Needs the
 * inner words and the edges of every root's word.  Reads memory.  0, or -1
 * without memory. */
int tails_find(struct scan *scan, const struct snapshot *snapshot, const struct pointers *pointers);

/* Is the word at `offset` of the block in a dead tail? */
bool tails_holds(const struct scan *scan, uint64_t id, uint64_t offset);

#endif
