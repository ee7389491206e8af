#include "tails_parts.h"

#include "edges.h"

/* ---- what was found -------------------------------------------------------------- */

enum { BITS = 28, KIND_SHIFT = 2 * BITS };

static uint64_t pack(enum tail_kind kind, struct tail_range range)
{
        return (uint64_t)kind << KIND_SHIFT | range.begin << BITS | range.end;
}

static struct tail_range range_of(uint64_t value)
{
        return (struct tail_range){ value >> BITS & INNER_FAR, value & INNER_FAR };
}

static enum tail_kind kind_of(uint64_t value)
{
        return (enum tail_kind)(value >> KIND_SHIFT);
}

static uint64_t rest_of(uint64_t id, uint64_t word)
{
        return id << EDGE_TARGET_SHIFT | word;
}

static uint64_t id_of_rest(uint64_t rest)
{
        return rest >> EDGE_TARGET_SHIFT;
}

int tail_note(struct tails *t, uint64_t id, enum tail_kind kind, struct tail_range range)
{
        bool fresh;
        uint64_t *slot = table_put(&t->scan->tails, id, &fresh);
        struct tail_range before;

        if (!slot)
                return -1;
        if (!fresh) {
                before = range_of(*slot);
                kind = kind_of(*slot);
                range.begin = range.begin < before.begin ? range.begin : before.begin;
                range.end = range.end > before.end ? range.end : before.end;
        }
        *slot = pack(kind, range);
        return 0;
}

int tail_note_word(struct tails *t, uint64_t id, uint64_t word)
{
        struct scan *scan = t->scan;

        if (mem_grow(&scan->rests, &t->rest_capacity, scan->rest_count + 1, sizeof *scan->rests))
                return -1;
        scan->rests[scan->rest_count++] = rest_of(id, word);
        return 0;
}

static bool is_rest(const struct scan *scan, uint64_t rest)
{
        uint64_t low = 0, high = scan->rest_count;

        while (low < high) {
                uint64_t middle = low + (high - low) / 2;

                if (scan->rests[middle] < rest)
                        low = middle + 1;
                else
                        high = middle;
        }
        return low < scan->rest_count && scan->rests[low] == rest;
}

enum tail_kind tails_holds(const struct scan *scan, uint64_t id, uint64_t word)
{
        const uint64_t *tail = table_get(&scan->tails, id);
        struct tail_range live = tail ? range_of(*tail) : (struct tail_range){ 0, INNER_FAR };

        if (tail && (8 * word + 8 <= live.begin || 8 * word >= live.end))
                return kind_of(*tail);
        return is_rest(scan, rest_of(id, word)) ? TAIL_STRING : TAIL_NONE;
}

/* ---- places ------------------------------------------------------------------------ */

struct tail_place tail_at_word(const struct tails *t, uint64_t source, uint64_t word, uint64_t target)
{
        const struct block *block = &t->snapshot->blocks[source];
        struct tail_place place = { .id = target };

        if (word == EDGE_WORD_FAR) /* that or a later one */
                return place;
        place.start = block->address;
        place.limit = block->address + block->size;
        place.address = block->address + block_lead(block) + 8 * word;
        return place;
}

struct tail_place tail_in_block(const struct tails *t, const struct inner_word *word)
{
        struct tail_place place = tail_at_word(t, inner_source(word), inner_source_word(word), inner_target(word));

        place.into = inner_into(word);
        return place;
}

struct tail_place tail_in_root(const struct tails *t, const struct root_edge *edge)
{
        const struct root *root = &t->snapshot->roots[edge->root];
        struct tail_place place = { .id = edge->to, .into = edge->into };

        if (root->kind == ROOT_REGISTER)
                return place;
        place.start = root->start;
        place.limit = root->end;
        place.address = root->start + edge->offset;
        return place;
}

const edge_t *tail_edge_of_word(const struct scan *scan, uint64_t id, uint64_t word)
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

/* ---- what else points into these blocks ------------------------------------------------ */

/* What the word of the place, which is word `i` of the list or (NULL) a root's,
 * keeps alive of a block with this tail. */
static struct tail_range kept(struct tails *t, const struct tail_place *place, const struct inner_list *inner,
                              uint64_t i, uint64_t tail)
{
        uint64_t size = t->snapshot->blocks[place->id].size;

        if (kind_of(tail) != TAIL_DEQUE)
                return inner ? tails_vector_kept_at(t, inner, i) : tails_vector_kept(t, place);
        if (tails_in_iterator(t, place, range_of(tail).end))
                return range_of(tail);
        if (place->into == size)
                return (struct tail_range){ 0, size };
        return (struct tail_range){ place->into & ~7ull, (place->into & ~7ull) + 8 };
}

static int note_other(struct tails *t, const struct tail_place *place, const struct inner_list *inner, uint64_t i)
{
        const uint64_t *tail = place->into ? table_get(&t->scan->tails, place->id) : NULL;

        return tail ? tail_note(t, place->id, kind_of(*tail), kept(t, place, inner, i, *tail)) : 0;
}

static int note_others_of(struct tails *t, const struct inner_list *inner)
{
        for (uint64_t i = 0; i < inner->count; i++) {
                struct tail_place place = tail_in_block(t, &inner->words[i]);

                if (note_other(t, &place, inner, i))
                        return -1;
        }
        return 0;
}

static int note_others(struct tails *t)
{
        const struct scan *scan = t->scan;

        for (unsigned list = 0; list < scan->inner_lists; list++)
                if (note_others_of(t, &scan->inner[list]))
                        return -1;
        for (uint64_t i = 0; i < scan->root_count; i++) {
                struct tail_place place = tail_in_root(t, &scan->roots[i]);

                if (note_other(t, &place, NULL, i))
                        return -1;
        }
        return 0;
}

/* ---- edges --------------------------------------------------------------------------- */

/* Gives the edge to `target`, of those that are looked for, the live word, if
 * that is the strongest so far. */
static void move_edge(edge_t *edges, const struct table *wanted, uint64_t target, enum strength strength, uint64_t word)
{
        const uint64_t *index = target != ID_NONE ? table_get(wanted, target) : NULL;

        if (index && strength > edge_strength(edges[*index]))
                edges[*index] = edge_make(target, strength, word) | (edges[*index] & 15);
}

/* Looks among the live words of the block for those that point at the same
 * blocks as dead ones. */
static void find_live(struct tails *t, uint64_t id, edge_t *edges, const struct table *wanted)
{
        const struct block *block = &t->snapshot->blocks[id];
        uint64_t words[512], count, start = block->address + block_lead(block);
        uint64_t all = (block->address + block->size - start) / 8;

        for (uint64_t at = 0; at < all; at += count) {
                count = all - at < sizeof words / 8 ? all - at : sizeof words / 8;
                if (!nearby_words(&t->nearby, start + 8 * at, words, (size_t)count))
                        continue;
                for (uint64_t i = 0; i < count; i++) {
                        struct pointee hit;

                        if (!pointers_near(t->pointers, words[i]))
                                continue;
                        hit = pointers_find(t->pointers, words[i]);
                        if ((hit.inside == ID_NONE && hit.end == ID_NONE) || tails_holds(t->scan, id, at + i))
                                continue;
                        move_edge(edges, wanted, hit.inside, hit.offset ? STRENGTH_INTERIOR : STRENGTH_EXACT, at + i);
                        move_edge(edges, wanted, hit.end, STRENGTH_END, at + i);
                }
        }
}

/* Weakens the edges of the block's dead words. */
static int weaken(struct tails *t, uint64_t id)
{
        struct table wanted = { .count = 0 };
        uint64_t count;
        edge_t *edges = (edge_t *)scan_edges(t->scan, id, &count);

        for (uint64_t i = 0; i < count; i++) {
                uint64_t *slot;

                if (!tails_holds(t->scan, id, edge_word(edges[i])))
                        continue;
                edges[i] = edge_with_strength(edges[i], STRENGTH_AMBIGUOUS);
                if (edge_count(edges[i]) < 2)
                        continue;
                slot = table_put(&wanted, edge_target(edges[i]), NULL);
                if (!slot) {
                        table_free(&wanted);
                        return -1;
                }
                *slot = i;
        }
        if (wanted.count) {
                find_live(t, id, edges, &wanted);
                edges_by_word(edges, NULL, count);
        }
        table_free(&wanted);
        return 0;
}

static int weaken_all(struct tails *t)
{
        const struct scan *scan = t->scan;

        for (uint64_t i = 0; i < scan->tails.size; i++)
                if (scan->tails.entries[i].used && weaken(t, scan->tails.entries[i].key))
                        return -1;
        for (uint64_t i = 0; i < scan->rest_count; i++) {
                uint64_t id = id_of_rest(scan->rests[i]);

                if ((!i || id_of_rest(scan->rests[i - 1]) != id) && weaken(t, id))
                        return -1;
        }
        return 0;
}

int tails_find(struct scan *scan, const struct snapshot *snapshot, const struct pointers *pointers)
{
        struct tails t = { .scan = scan,
                           .snapshot = snapshot,
                           .pointers = pointers,
                           .nearby = { .memory = &snapshot->memory },
                           .aside = { .memory = &snapshot->memory } };

        if (tails_find_vectors(&t) || tails_find_deques(&t) || tails_find_strings(&t) ||
            (scan->tails.count && note_others(&t)))
                return -1;
        return weaken_all(&t);
}
