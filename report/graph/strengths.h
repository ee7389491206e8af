/*
 * strengths.h: interior edges that a rule explains become STRENGTH_KNOWN.
 *
 * The rules look at the pointee, not at who points:
 *     learned   more than half of the live blocks of a site, and at least 8,
 *               are referenced, and only at this one offset: a header before
 *               what the program sees
 *     cookie    base + 8 of new T[n]: n is in the word before and divides the
 *               rest; for operator new[] also base + 16, 32, 64 (aligned
 *               elements), and new T[0], whose pointer is the block's end
 *     length    base + 8, and the first word is size - 8
 *     string    base + 24, and before it length, capacity and count of the old
 *               copy-on-write std::string, and it fits the size
 *     aligned   the block holds its own address close by, at most a word before
 *               the pointee or 64 bytes after it: whoever aligned the pointer
 *               keeps what to free (glibc's loader does)
 *     base      a vtable at the start and one for a second base (its offset to
 *               the top leads back to the start) at the pointee
 * Cookie, length, string and base are Dr. Memory's (Bruening and Zhao, CGO 2011).
 */
#ifndef WEIR_GRAPH_STRENGTHS_H
#define WEIR_GRAPH_STRENGTHS_H

#include "scan.h"

enum { LEARN_BLOCKS = 8 };

/* Looks at all edges of strength interior and end, and raises those that a
 * rule explains; weakens those of dead tails (tails.h).  Reads memory. */
int strengths_refine(struct scan *scan, const struct snapshot *snapshot, const struct pointers *pointers,
                     struct error *e);

#endif
