#include "tails_parts.h"

/* Words of an iterator, and of a deque. */
enum { CUR, FIRST, LAST, NODE, ITERATOR, DEQUE = 2 + 2 * ITERATOR, HEAD = 8 * (2 + LAST) };

/* A deque: its blocks, and what of them is alive. */
struct deque {
        uint64_t map, first, last;
        struct tail_range map_live, first_live, last_live;
};

struct deques {
        struct deque *list;
        size_t count, capacity;
        struct table maps; /* -> deques that claim it */
};

/* The block that starts at the address and may be a part of a deque; ID_NONE. */
static uint64_t buffer_at(const struct tails *t, uint64_t address)
{
        struct pointee hit = pointers_find(t->pointers, address);

        return hit.inside != ID_NONE && !hit.offset && tail_may_be_buffer(t, hit.inside) ? hit.inside : ID_NONE;
}

static bool word_is(struct tails *t, uint64_t address, uint64_t word)
{
        uint64_t held;

        return nearby_words(&t->aside, address, &held, 1) && held == word;
}

/* Is it an iterator over the chunk, which the map has where it says? */
static bool is_iterator(struct tails *t, const uint64_t *words, uint64_t chunk, uint64_t map)
{
        const struct block *c, *m = &t->snapshot->blocks[map];

        if (chunk == ID_NONE || chunk == map)
                return false;
        c = &t->snapshot->blocks[chunk];
        return words[FIRST] == c->address && words[LAST] - words[FIRST] == c->size &&
               words[CUR] - words[FIRST] < c->size && words[NODE] - m->address < m->size && !(words[NODE] & 7) &&
               word_is(t, words[NODE], words[FIRST]);
}

/* Are they the head of a deque? */
static bool is_deque(struct tails *t, const uint64_t *words, struct deque *d)
{
        const uint64_t *start = words + 2, *finish = start + ITERATOR;
        const struct block *map;

        *d = (struct deque){ .map = buffer_at(t, words[0]) };
        if (d->map == ID_NONE)
                return false;
        map = &t->snapshot->blocks[d->map];
        d->first = buffer_at(t, start[FIRST]);
        d->last = buffer_at(t, finish[FIRST]);
        if (words[1] > map->size / 8 || words[1] * 8 != map->size || start[NODE] > finish[NODE] ||
            (start[NODE] == finish[NODE]) != (d->first == d->last) || !is_iterator(t, start, d->first, d->map) ||
            !is_iterator(t, finish, d->last, d->map) ||
            t->snapshot->blocks[d->first].size != t->snapshot->blocks[d->last].size)
                return false;
        if (d->first == d->last && start[CUR] > finish[CUR])
                return false;
        d->map_live = (struct tail_range){ start[NODE] - map->address, finish[NODE] - map->address + 8 };
        d->first_live = (struct tail_range){ start[CUR] - start[FIRST], start[LAST] - start[FIRST] };
        d->last_live = (struct tail_range){ 0, finish[CUR] - finish[FIRST] };
        if (d->first == d->last)
                d->first_live.end = d->last_live.end;
        return true;
}

/* Looks for a deque whose first iterator has the word of the place as the end of
 * its chunk. */
static int add_at(struct tails *t, struct deques *deques, const struct tail_place *place)
{
        uint64_t words[DEQUE], *claims;
        struct deque deque;

        if (!tail_words(t, place, HEAD, words, DEQUE) || !is_deque(t, words, &deque))
                return 0;
        claims = table_put(&deques->maps, deque.map, NULL);
        if (!claims || mem_grow(&deques->list, &deques->capacity, deques->count + 1, sizeof *deques->list))
                return -1;
        ++*claims;
        deques->list[deques->count++] = deque;
        return 0;
}

static bool may_end(const struct tails *t, uint64_t id, uint64_t into)
{
        return into == t->snapshot->blocks[id].size && tail_may_be_buffer(t, id);
}

/* Is the word before an inner word one that points into the same block, not at
 * its start? */
static bool is_inside(const struct inner_word *before, const struct inner_word *word)
{
        return inner_source(before) == inner_source(word) && inner_target(before) == inner_target(word) &&
               inner_source_word(before) + 1 == inner_source_word(word);
}

static int find_of(struct tails *t, struct deques *deques, const struct inner_list *inner)
{
        for (uint64_t i = 0; i < inner->count; i++) {
                const struct inner_word *word = &inner->words[i];
                struct tail_place place;

                if (!may_end(t, inner_target(word), inner_into(word)) || (i && is_inside(word - 1, word)))
                        continue;
                place = tail_in_block(t, word);
                if (add_at(t, deques, &place))
                        return -1;
        }
        return 0;
}

static int find(struct tails *t, struct deques *deques)
{
        const struct scan *scan = t->scan;

        for (unsigned list = 0; list < scan->inner_lists; list++)
                if (find_of(t, deques, &scan->inner[list]))
                        return -1;
        for (uint64_t i = 0; i < scan->root_count; i++) {
                struct tail_place place = tail_in_root(t, &scan->roots[i]);

                if (may_end(t, place.id, place.into) && add_at(t, deques, &place))
                        return -1;
        }
        return 0;
}

static int note(struct tails *t, const struct deques *deques)
{
        static const struct tail_range all = { 0, INNER_FAR };

        for (size_t i = 0; i < deques->count; i++) {
                const struct deque *d = &deques->list[i];
                bool alone = *table_get(&deques->maps, d->map) == 1;

                if (tail_note(t, d->map, TAIL_DEQUE, alone ? d->map_live : all) ||
                    tail_note(t, d->first, TAIL_DEQUE, alone ? d->first_live : all) ||
                    (d->first != d->last && tail_note(t, d->last, TAIL_DEQUE, alone ? d->last_live : all)))
                        return -1;
        }
        return 0;
}

int tails_find_deques(struct tails *t)
{
        struct deques deques = { .count = 0 };
        int status = find(t, &deques) || note(t, &deques) ? -1 : 0;

        mem_free(deques.list);
        table_free(&deques.maps);
        return status;
}

/* Are the four words, `back` bytes before the place, an iterator over its block? */
static bool iterator_at(struct tails *t, const struct tail_place *place, uint64_t back)
{
        uint64_t words[ITERATOR];
        struct pointee map;

        if (!tail_words(t, place, back, words, ITERATOR))
                return false;
        map = pointers_find(t->pointers, words[NODE]);
        return map.inside != ID_NONE && is_iterator(t, words, place->id, map.inside);
}

bool tails_in_iterator(struct tails *t, const struct tail_place *place, uint64_t end)
{
        if (place->into == t->snapshot->blocks[place->id].size)
                return iterator_at(t, place, 8 * LAST);
        return place->into == end && iterator_at(t, place, 8 * CUR);
}
