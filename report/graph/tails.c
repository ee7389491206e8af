#include "tails.h"

#include "edges.h"
#include "nearby.h"

struct tails {
        struct scan *scan;
        const struct snapshot *snapshot;
        const struct pointers *pointers;
        struct nearby nearby;
};

static bool may_be_buffer(const struct tails *t, uint64_t id)
{
        const struct block *block = &t->snapshot->blocks[id];

        return (block->flags & BLOCK_NEW) && block->size >= 8 && block->size < INNER_FAR && !(block->address & 7);
}

/* Is the word that follows an iterator's three the place, in the deque's map,
 * of the chunk they walk over? */
static bool is_in_map(struct tails *t, uint64_t word, uint64_t chunk)
{
        uint64_t held;

        return pointers_find(t->pointers, word).inside != ID_NONE && nearby_words(&t->nearby, word, &held, 1) &&
               held == chunk;
}

/* A word that points into a block or at its end, and where it is. */
struct place {
        uint64_t id, into;
        uint64_t start, limit, address; /* 0: of a register, or not known */
};

static struct place place_in_block(const struct tails *t, const struct inner_word *word)
{
        const struct block *source = &t->snapshot->blocks[inner_source(word)];
        struct place place = { .id = inner_target(word), .into = inner_into(word) };

        if (inner_source_word(word) == EDGE_WORD_FAR) /* that or a later one */
                return place;
        place.start = source->address;
        place.limit = source->address + source->size;
        place.address = source->address + block_lead(source) + 8 * inner_source_word(word);
        return place;
}

static struct place place_in_root(const struct tails *t, const struct root_edge *edge)
{
        const struct root *root = &t->snapshot->roots[edge->root];
        struct place place = { .id = edge->to, .into = edge->into };

        if (root->kind == ROOT_REGISTER)
                return place;
        place.start = root->start;
        place.limit = root->end;
        place.address = root->start + edge->offset;
        return place;
}

/* If the word at `address` is the capacity of a vector whose elements are in
 * the block of the place, where they end in that; else the block's size. */
static uint64_t vector_end(struct tails *t, const struct place *place, uint64_t address)
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

/* The edge of a block's word; NULL where the word has none of its own. */
static const edge_t *edge_of_word(const struct scan *scan, uint64_t id, uint64_t word)
{
        uint64_t count, low = 0, high;
        const edge_t *edges = scan_edges(scan, id, &count);

        for (high = count; low < high;) {
                uint64_t middle = low + (high - low) / 2;

                if (edge_word(edges[middle]) < word)
                        low = middle + 1;
                else
                        high = middle;
        }
        return low < count && edge_word(edges[low]) == word ? &edges[low] : NULL;
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
        struct place place = place_in_block(t, word);
        const edge_t *begin = NULL;

        if (i && is_pair(word - 1, word) && inner_source_word(word - 1)) {
                if (inner_into(word - 1) == inner_into(word) || inner_into(word - 1) & 7)
                        return inner_into(word);
                begin = edge_of_word(t->scan, inner_source(word), inner_source_word(word) - 2);
        }
        if (begin && edge_target(*begin) == inner_target(word) && edge_strength(*begin) == STRENGTH_EXACT)
                return inner_into(word - 1);
        return vector_end(t, &place, place.address);
}

/* How much of the block word `i` of the list keeps alive: what is before the end
 * of a vector, the word it points at otherwise. */
static uint64_t kept_alive_at(struct tails *t, const struct inner_list *inner, uint64_t i)
{
        const struct inner_word *word = &inner->words[i];
        uint64_t size = t->snapshot->blocks[inner_target(word)].size;

        if (inner_into(word) == size)
                return vector_end_at(t, inner, i);
        if (i + 1 < inner->count && is_pair(word, word + 1) && inner_into(word + 1) == size &&
            vector_end_at(t, inner, i + 1) == inner_into(word))
                return inner_into(word);
        return (inner_into(word) & ~7ull) + 8;
}

/* The same of a root's word. */
static uint64_t kept_alive(struct tails *t, const struct place *place)
{
        uint64_t size = t->snapshot->blocks[place->id].size;

        if (place->into == size)
                return vector_end(t, place, place->address);
        return vector_end(t, place, place->address + 8) == place->into ? place->into : (place->into & ~7ull) + 8;
}

/* ---- ends --------------------------------------------------------------------- */

/* Notes that block `id` is alive up to `end`: of several the greatest. */
static int note(struct tails *t, uint64_t id, uint64_t end)
{
        bool fresh;
        uint64_t *slot = table_put(&t->scan->tails, id, &fresh);

        if (!slot)
                return -1;
        if (fresh || *slot < end)
                *slot = end;
        return 0;
}

/* A block with a word that may be a capacity: a vector's, maybe with dead words
 * behind its end. */
static bool may_end(const struct tails *t, uint64_t id, uint64_t into)
{
        return into == t->snapshot->blocks[id].size && may_be_buffer(t, id);
}

static int note_vector(struct tails *t, uint64_t id, uint64_t end)
{
        return end < t->snapshot->blocks[id].size ? note(t, id, end) : 0;
}

static int find_vectors_of(struct tails *t, const struct inner_list *inner)
{
        for (uint64_t i = 0; i < inner->count; i++) {
                uint64_t id = inner_target(&inner->words[i]);

                if (may_end(t, id, inner_into(&inner->words[i])) && note_vector(t, id, vector_end_at(t, inner, i)))
                        return -1;
        }
        return 0;
}

static int find_vectors(struct tails *t)
{
        const struct scan *scan = t->scan;

        for (unsigned list = 0; list < scan->inner_lists; list++)
                if (find_vectors_of(t, &scan->inner[list]))
                        return -1;
        for (uint64_t i = 0; i < scan->root_count; i++) {
                struct place place = place_in_root(t, &scan->roots[i]);

                if (may_end(t, place.id, place.into) && note_vector(t, place.id, vector_end(t, &place, place.address)))
                        return -1;
        }
        return 0;
}

static int note_others_of(struct tails *t, const struct inner_list *inner)
{
        for (uint64_t i = 0; i < inner->count; i++) {
                uint64_t id = inner_target(&inner->words[i]);

                if (table_get(&t->scan->tails, id) && note(t, id, kept_alive_at(t, inner, i)))
                        return -1;
        }
        return 0;
}

/* What else points into these blocks. */
static int note_others(struct tails *t)
{
        const struct scan *scan = t->scan;

        for (unsigned list = 0; list < scan->inner_lists; list++)
                if (note_others_of(t, &scan->inner[list]))
                        return -1;
        for (uint64_t i = 0; i < scan->root_count; i++) {
                struct place place = place_in_root(t, &scan->roots[i]);

                if (place.into && table_get(&scan->tails, place.id) && note(t, place.id, kept_alive(t, &place)))
                        return -1;
        }
        return 0;
}

/* ---- edges -------------------------------------------------------------------- */

static enum strength strength_of(const struct tails *t, uint64_t word, uint64_t target)
{
        struct pointee hit = pointers_find(t->pointers, word);

        if (hit.inside == target)
                return hit.offset ? STRENGTH_INTERIOR : STRENGTH_EXACT;
        return hit.end == target ? STRENGTH_END : STRENGTH_NONE;
}

/* Looks in the live part of the block for a word that points at `target`. */
static bool find_live(struct tails *t, const struct block *block, uint64_t end, uint64_t target, edge_t *edge)
{
        enum strength best = STRENGTH_NONE;
        uint64_t words[512];

        for (uint64_t at = 0; at + 8 <= end; at += sizeof words) {
                size_t count = end - at < sizeof words ? (size_t)(end - at) / 8 : sizeof words / 8;

                if (!nearby_words(&t->nearby, block->address + at, words, count))
                        continue;
                for (size_t i = 0; i < count; i++) {
                        enum strength strength = strength_of(t, words[i], target);

                        if (strength <= best)
                                continue;
                        best = strength;
                        *edge = edge_make(target, strength, at / 8 + i) | (*edge & 15);
                }
        }
        return best != STRENGTH_NONE;
}

static void weaken(struct tails *t, uint64_t id, uint64_t end)
{
        const struct block *block = &t->snapshot->blocks[id];
        uint64_t count;
        edge_t *edges = (edge_t *)scan_edges(t->scan, id, &count);
        bool moved = false;

        for (uint64_t i = 0; i < count; i++) {
                if (edge_word(edges[i]) * 8 < end)
                        continue;
                if (edge_count(edges[i]) > 1 && find_live(t, block, end, edge_target(edges[i]), &edges[i]))
                        moved = true;
                else
                        edges[i] = edge_with_strength(edges[i], STRENGTH_AMBIGUOUS);
        }
        if (moved)
                edges_by_word(edges, NULL, count);
}

int tails_find(struct scan *scan, const struct snapshot *snapshot, const struct pointers *pointers)
{
        struct tails t = {
                .scan = scan, .snapshot = snapshot, .pointers = pointers, .nearby = { .memory = &snapshot->memory }
        };

        if (find_vectors(&t))
                return -1;
        if (!scan->tails.count)
                return 0;
        if (note_others(&t))
                return -1;
        for (uint64_t i = 0; i < scan->tails.size; i++) {
                const struct table_entry *entry = &scan->tails.entries[i];

                if (entry->used)
                        weaken(&t, entry->key, entry->value);
        }
        return 0;
}

bool tails_holds(const struct scan *scan, uint64_t id, uint64_t offset)
{
        const uint64_t *end = table_get(&scan->tails, id);

        return end && offset >= *end;
}
