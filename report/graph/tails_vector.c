#include "tails_parts.h"

/* Is the word that follows an iterator's three the place, in the deque's map,
 * of the chunk they walk over? */
static bool is_in_map(struct tails *t, uint64_t word, uint64_t chunk)
{
        uint64_t held;

        return pointers_find(t->pointers, word).inside != ID_NONE && nearby_words(&t->aside, word, &held, 1) &&
               held == chunk;
}

/* If the word at `address` is the capacity of a vector whose elements are in
 * the block of the place, where they end in that; else the block's size. */
static uint64_t vector_end(struct tails *t, const struct tail_place *place, uint64_t address)
{
        const struct block *block = &t->snapshot->blocks[place->id];
        uint64_t words[4] = { 0 };

        if (!place->address || address - place->start < 16 || place->limit - address < 8 ||
            !nearby_words(&t->nearby, address - 16, words, place->limit - address >= 16 ? 4 : 3))
                return block->size;
        if (words[0] != block->address || words[1] - words[0] >= block->size || (words[1] & 7) ||
            words[2] != block->address + block->size)
                return block->size;
        if (words[1] == words[0] && is_in_map(t, words[3], block->address))
                return block->size;
        return words[1] - words[0];
}

/* Do two inner words follow each other, and point at the same block? */
static bool is_pair(const struct inner_word *a, const struct inner_word *b)
{
        return inner_source(a) == inner_source(b) && inner_target(a) == inner_target(b) &&
               inner_source_word(a) + 1 == inner_source_word(b);
}

/* vector_end for word `i` of the list.  Where the word before it points into the
 * block and the one before that at its start, no memory need be read. */
static uint64_t vector_end_at(struct tails *t, const struct inner_list *inner, uint64_t i)
{
        const struct inner_word *word = &inner->words[i];
        struct tail_place place = tail_in_block(t, word);
        const edge_t *begin = NULL;

        if (i && is_pair(word - 1, word) && inner_source_word(word - 1)) {
                if (inner_into(word - 1) == inner_into(word) || inner_into(word - 1) & 7)
                        return inner_into(word);
                begin = tail_edge_of_word(t->scan, inner_source(word), inner_source_word(word) - 2);
        }
        if (begin && edge_target(*begin) == inner_target(word) && edge_strength(*begin) == STRENGTH_EXACT)
                return inner_into(word - 1);
        return vector_end(t, &place, place.address);
}

/* The word of the block that `into` leads to; all of the block, if to its end. */
static struct tail_range kept_word(uint64_t into)
{
        return (struct tail_range){ into & ~7ull, (into & ~7ull) + 8 };
}

struct tail_range tails_vector_kept_at(struct tails *t, const struct inner_list *inner, uint64_t i)
{
        const struct inner_word *word = &inner->words[i];
        uint64_t size = t->snapshot->blocks[inner_target(word)].size;

        if (inner_into(word) == size)
                return (struct tail_range){ 0, vector_end_at(t, inner, i) };
        if (i + 1 < inner->count && is_pair(word, word + 1) && inner_into(word + 1) == size &&
            vector_end_at(t, inner, i + 1) == inner_into(word))
                return (struct tail_range){ 0, inner_into(word) };
        return kept_word(inner_into(word));
}

struct tail_range tails_vector_kept(struct tails *t, const struct tail_place *place)
{
        uint64_t size = t->snapshot->blocks[place->id].size;

        if (place->into == size)
                return (struct tail_range){ 0, vector_end(t, place, place->address) };
        if (vector_end(t, place, place->address + 8) == place->into)
                return (struct tail_range){ 0, place->into };
        return kept_word(place->into);
}

/* A block with a word that may be a capacity: a vector's, maybe with dead words
 * behind its end. */
static bool may_end(const struct tails *t, uint64_t id, uint64_t into)
{
        return into == t->snapshot->blocks[id].size && tail_may_be_buffer(t, id);
}

static int note_vector(struct tails *t, uint64_t id, uint64_t end)
{
        if (end >= t->snapshot->blocks[id].size)
                return 0;
        return tail_note(t, id, TAIL_VECTOR, (struct tail_range){ 0, end });
}

static int find_of(struct tails *t, const struct inner_list *inner)
{
        for (uint64_t i = 0; i < inner->count; i++) {
                uint64_t id = inner_target(&inner->words[i]);

                if (may_end(t, id, inner_into(&inner->words[i])) && note_vector(t, id, vector_end_at(t, inner, i)))
                        return -1;
        }
        return 0;
}

int tails_find_vectors(struct tails *t)
{
        const struct scan *scan = t->scan;

        for (unsigned list = 0; list < scan->inner_lists; list++)
                if (find_of(t, &scan->inner[list]))
                        return -1;
        for (uint64_t i = 0; i < scan->root_count; i++) {
                struct tail_place place = tail_in_root(t, &scan->roots[i]);

                if (may_end(t, place.id, place.into) && note_vector(t, place.id, vector_end(t, &place, place.address)))
                        return -1;
        }
        return 0;
}
