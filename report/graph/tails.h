/*
 * tails.h: the dead words of containers: what lies in their memory and is no
 * element any more, or never was one, holds nothing.
 *
 *     vector    behind the end, up to the capacity
 *     deque     before the first element and behind the last, in their chunks;
 *               outside the chunks in use, in the map of chunks
 *     string    behind the characters, up to the capacity, in a block or, of a
 *               short one, in the string itself
 *
 * Only what the head of a container proves counts, and only such words as nothing
 * else whatever points at: the block must come from operator new (not malloc or
 * new[]), and no other word, also of a register, may lead into the dead part.
 *
 * A vector is three words in a row, in a block or a root: where its elements
 * begin (the block's address), where they end, and the block's end.  The
 * iterators of a deque, which look alike, are told by the word that follows them.
 *
 * A deque (libstdc++) is ten words in a row: its map, the length of that, and two
 * iterators of four, whose chunks are blocks of one size that the map has where
 * the iterators say.  Two heads with one map prove nothing.
 *
 * A string (libstdc++) is the address of its characters, their number and the
 * capacity, which is the block's size less one.  Only blocks are looked at whose
 * size is no multiple of eight: others might be anything, and no string that grew
 * has such a one.  A short one, in a block from operator new, has the address of
 * the word after next, a number below eight, so many bytes other than NUL, and a
 * NUL: the word after those is dead.
 *
 * The edges of dead words become STRENGTH_AMBIGUOUS, unless another word of the
 * block, a live one, points at the same block.
 */
#ifndef WEIR_GRAPH_TAILS_H
#define WEIR_GRAPH_TAILS_H

#include "scan.h"

enum tail_kind { TAIL_NONE, TAIL_VECTOR, TAIL_DEQUE, TAIL_STRING };

/* Finds the dead words, weakens their edges and keeps them in scan->tails and
 * scan->rests.  Needs the inner words and the edges of every root's word.  Reads
 * memory.  0, or -1 without memory. */
int tails_find(struct scan *scan, const struct snapshot *snapshot, const struct pointers *pointers);

/* Of what the aligned word (its index) of the block is a dead one. */
enum tail_kind tails_holds(const struct scan *scan, uint64_t id, uint64_t word);

#endif
