/*
 * nearest.h: which known word a mistyped one was probably meant to be.
 */
#ifndef WEIR_NEAREST_H
#define WEIR_NEAREST_H

#include <stddef.h>

struct nearest {
        const char *word;     /* what was typed; `length` bytes */
        size_t length;
        const char *best;     /* NULL: nothing is near */
        size_t best_distance;
};

static inline struct nearest nearest_to(const char *word, size_t length)
{
        return (struct nearest){ .word = word, .length = length };
}

/* Offers a known word; `n->best` is afterwards the nearest so far.  A word is
 * near when at most a third of its letters, and never more than three, must
 * be added, removed, changed or swapped with their neighbour. */
void nearest_offer(struct nearest *n, const char *known);

#endif
