#include "tails_parts.h"

enum { SHORT = 8 }; /* characters of a short string, so few that the second word of its room is dead */

/* ---- in blocks ---------------------------------------------------------------- */

/* The blocks that may be the characters of a string, and have edges. */
struct rooms {
        uint64_t *bits;
        uint64_t count;
};

static bool may_be_room(const struct tails *t, uint64_t id)
{
        return (t->snapshot->blocks[id].size & 7) && tail_may_be_buffer(t, id);
}

static bool is_room(const struct rooms *rooms, uint64_t id)
{
        return rooms->bits[id / 64] >> id % 64 & 1;
}

static int find_rooms(const struct tails *t, struct rooms *rooms)
{
        const struct snapshot *snapshot = t->snapshot;

        rooms->bits = mem_alloc(snapshot->block_count / 64 + 1, sizeof *rooms->bits);
        if (!rooms->bits)
                return -1;
        for (uint64_t id = 0; id < snapshot->block_count; id++) {
                if (!may_be_room(t, id) || rows_start(&t->scan->rows, id) == rows_end(&t->scan->rows, id))
                        continue;
                rooms->bits[id / 64] |= 1ull << id % 64;
                rooms->count++;
        }
        return 0;
}

/* Notes the string whose address of the characters is the word of the place. */
static int note_at(struct tails *t, const struct tail_place *place)
{
        uint64_t size = t->snapshot->blocks[place->id].size, words[3];

        if (!tail_words(t, place, 0, words, 3) || words[2] != size - 1 || words[1] >= size)
                return 0;
        return tail_note(t, place->id, TAIL_STRING, (struct tail_range){ 0, words[1] + 1 });
}

static int find_in_block(struct tails *t, const struct rooms *rooms, uint64_t id)
{
        uint64_t count;
        const edge_t *edges = scan_edges(t->scan, id, &count);

        for (uint64_t i = 0; i < count; i++) {
                uint64_t target = edge_target(edges[i]);
                struct tail_place place;

                if (!is_room(rooms, target) || edge_strength(edges[i]) != STRENGTH_EXACT)
                        continue;
                place = tail_at_word(t, id, edge_word(edges[i]), target);
                if (note_at(t, &place))
                        return -1;
        }
        return 0;
}

static int find_in_roots(struct tails *t, const struct rooms *rooms)
{
        for (uint64_t i = 0; i < t->scan->root_count; i++) {
                struct tail_place place = tail_in_root(t, &t->scan->roots[i]);

                if (is_room(rooms, place.id) && !place.into && note_at(t, &place))
                        return -1;
        }
        return 0;
}

static int find_long(struct tails *t)
{
        struct rooms rooms = { .count = 0 };
        int status = find_rooms(t, &rooms);

        for (uint64_t id = 0; !status && rooms.count && id < t->snapshot->block_count; id++)
                status = find_in_block(t, &rooms, id);
        if (!status && rooms.count)
                status = find_in_roots(t, &rooms);
        mem_free(rooms.bits);
        return status;
}

/* ---- in the string itself -------------------------------------------------------- */

/* Are the words, at an address, the first three of a short string? */
static bool is_short(const struct tails *t, uint64_t address, const uint64_t words[3])
{
        uint64_t room = words[2];

        if (words[0] != address + 16 || words[1] >= SHORT || pointers_find(t->pointers, room).inside != ID_NONE)
                return false;
        for (uint64_t i = 0; i < words[1]; i++, room >>= 8)
                if (!(room & 0xff))
                        return false;
        return !(room & 0xff);
}

/* They have words that point into their own block. */
static int find_short(struct tails *t, const struct inner_list *inner)
{
        for (uint64_t i = 0; i < inner->count; i++) {
                const struct inner_word *word = &inner->words[i];
                struct tail_place place;
                uint64_t words[3];

                if (inner_source(word) != inner_target(word) ||
                    !(t->snapshot->blocks[inner_source(word)].flags & BLOCK_NEW))
                        continue;
                place = tail_in_block(t, word);
                if (!place.address || place.start + inner_into(word) != place.address + 16 ||
                    !tail_words(t, &place, 0, words, 3) || !is_short(t, place.address, words))
                        continue;
                if (tail_note_word(t, inner_source(word), inner_source_word(word) + 3))
                        return -1;
        }
        return 0;
}

int tails_find_strings(struct tails *t)
{
        if (t->scan->odd && find_long(t))
                return -1;
        for (unsigned list = 0; list < t->scan->inner_lists; list++)
                if (find_short(t, &t->scan->inner[list]))
                        return -1;
        return 0;
}
