#include "tails.h"

#include "edges.h"

#include <string.h>

struct tails {
        struct scan *scan;
        const struct snapshot *snapshot;
        const struct pointers *pointers;
};

static bool read_words(const struct tails *t, uint64_t address, uint64_t *words, size_t count)
{
        const struct memory *memory = &t->snapshot->memory;

        return memory->read(memory->context, address, words, count * sizeof *words) == count * sizeof *words;
}

static bool may_be_buffer(const struct tails *t, uint64_t id)
{
        const struct block *block = &t->snapshot->blocks[id];

        return (block->flags & BLOCK_NEW) && block->size >= 8 && block->size < INNER_FAR && !(block->address & 7);
}

/* Is the word that follows an iterator's three the place, in the deque's map,
 * of the chunk they walk over? */
static bool is_in_map(const struct tails *t, uint64_t word, uint64_t chunk)
{
        uint64_t held;

        return pointers_find(t->pointers, word).inside != ID_NONE && read_words(t, word, &held, 1) && held == chunk;
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
static uint64_t vector_end(const struct tails *t, const struct place *place, uint64_t address)
{
        const struct block *block = &t->snapshot->blocks[place->id];
        uint64_t words[4] = { 0 };

        if (!place->address || address - place->start < 16 || place->limit - address < 8 ||
            !read_words(t, address - 16, words, place->limit - address >= 16 ? 4 : 3))
                return block->size;
        if (words[0] != block->address || words[1] - words[0] >= block->size || (words[1] & 7) ||
            words[2] != block->address + block->size)
                return block->size;
        return is_in_map(t, words[3], block->address) ? block->size : words[1] - words[0];
}

/* How much of the block the word keeps alive: what is before the end of a
 * vector, the word it points at otherwise. */
static uint64_t kept_alive(const struct tails *t, const struct place *place)
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

/* The word before this one points at the same end: the vector is full. */
static bool is_full(const struct scan *scan, uint64_t i)
{
        const struct inner_word *word = &scan->inner[i], *before = word - 1;

        return i && inner_source(before) == inner_source(word) && inner_target(before) == inner_target(word) &&
               inner_source_word(before) + 1 == inner_source_word(word) && inner_into(before) == inner_into(word);
}

/* A capacity: the block is a vector's, maybe with dead words behind its end. */
static int note_vector(struct tails *t, const struct place *place)
{
        uint64_t size = t->snapshot->blocks[place->id].size, end;

        if (place->into != size || !may_be_buffer(t, place->id))
                return 0;
        end = vector_end(t, place, place->address);
        return end < size ? note(t, place->id, end) : 0;
}

static int find_vectors(struct tails *t)
{
        const struct scan *scan = t->scan;

        for (uint64_t i = 0; i < scan->inner_count; i++) {
                struct place place = place_in_block(t, &scan->inner[i]);

                if (!is_full(scan, i) && note_vector(t, &place))
                        return -1;
        }
        for (uint64_t i = 0; i < scan->root_count; i++) {
                struct place place = place_in_root(t, &scan->roots[i]);

                if (note_vector(t, &place))
                        return -1;
        }
        return 0;
}

/* What else points into these blocks. */
static int note_others(struct tails *t)
{
        const struct scan *scan = t->scan;

        for (uint64_t i = 0; i < scan->inner_count; i++) {
                struct place place = place_in_block(t, &scan->inner[i]);

                if (table_get(&scan->tails, place.id) && note(t, place.id, kept_alive(t, &place)))
                        return -1;
        }
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
static bool find_live(const struct tails *t, const struct block *block, uint64_t end, uint64_t target, edge_t *edge)
{
        enum strength best = STRENGTH_NONE;
        uint64_t words[512];

        for (uint64_t at = 0; at + 8 <= end; at += sizeof words) {
                size_t count = end - at < sizeof words ? (size_t)(end - at) / 8 : sizeof words / 8;

                if (!read_words(t, block->address + at, words, count))
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
        struct tails t = { .scan = scan, .snapshot = snapshot, .pointers = pointers };

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
