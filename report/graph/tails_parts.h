/*
 * tails_parts.h: what the kinds of dead words have in common.  Private to
 * tails*.c.
 */
#ifndef WEIR_GRAPH_TAILS_PARTS_H
#define WEIR_GRAPH_TAILS_PARTS_H

#include "nearby.h"
#include "tails.h"

struct tails {
        struct scan *scan;
        const struct snapshot *snapshot;
        const struct pointers *pointers;
        struct nearby nearby; /* around words that are visited in their order */
        struct nearby aside;  /* what these lead to */
        size_t rest_capacity;
};

/* A word that points into a block or at its end, and where it is. */
struct tail_place {
        uint64_t id, into;
        uint64_t start, limit, address; /* 0: of a register, or not known */
};

/* The live words of a block, [begin, end); none when they are equal. */
struct tail_range {
        uint64_t begin, end;
};

/* May a container's elements, and nothing else, be in the block? */
static inline bool tail_may_be_buffer(const struct tails *t, uint64_t id)
{
        const struct block *block = &t->snapshot->blocks[id];

        return (block->flags & BLOCK_NEW) && block->size >= 8 && block->size < INNER_FAR && !(block->address & 7);
}

/* The `count` words that begin `back` bytes before the place, if its source has
 * them all. */
static inline bool tail_words(struct tails *t, const struct tail_place *place, uint64_t back, uint64_t *words,
                              size_t count)
{
        return place->address && place->address - place->start >= back &&
               place->limit - place->address + back >= count * sizeof *words &&
               nearby_words(&t->nearby, place->address - back, words, count);
}

/* The place of a block's word that points at the start of `target`, of an inner
 * word, of a root's. */
struct tail_place tail_at_word(const struct tails *t, uint64_t source, uint64_t word, uint64_t target);
struct tail_place tail_in_block(const struct tails *t, const struct inner_word *word);
struct tail_place tail_in_root(const struct tails *t, const struct root_edge *edge);

/* The edge of a block's word; NULL where the word has none of its own. */
const edge_t *tail_edge_of_word(const struct scan *scan, uint64_t id, uint64_t word);

/* Notes which words of a block are alive: of several ranges all, and what is
 * between them.  0, or -1 without memory, as all here. */
int tail_note(struct tails *t, uint64_t id, enum tail_kind kind, struct tail_range range);

/* Notes that a word of a string is dead; in ascending order of block and word. */
int tail_note_word(struct tails *t, uint64_t id, uint64_t word);

/* tails_vector.c: notes the vectors. */
int tails_find_vectors(struct tails *t);
/* What word `i` of the list, or a root's word, keeps alive of the block that it
 * leads to. */
struct tail_range tails_vector_kept_at(struct tails *t, const struct inner_list *inner, uint64_t i);
struct tail_range tails_vector_kept(struct tails *t, const struct tail_place *place);

/* tails_deque.c: notes the deques. */
int tails_find_deques(struct tails *t);
/* Is the word, of which the address in its source is known, part of a deque's
 * iterator: the end of the chunk, or the place `end` in it that is reached? */
bool tails_in_iterator(struct tails *t, const struct tail_place *place, uint64_t end);

/* tails_string.c: notes the strings. */
int tails_find_strings(struct tails *t);

#endif
