#include "live_table.h"

#include "../mem.h"

#include <string.h>

enum {
        ENTRIES_MIN = 16,    /* of the smallest segment with any */
        ENTRIES_PART = 1024, /* a segment of so many parts rather than grows */
        CACHE_LINE = 64,
        ARENA_FROM = 1 << 15, /* blocks from which on a table has its memory from the arena */
        SPARSE = 64,          /* the directory has at most one slot for so many blocks, and a few */
};

/* What an empty segment is searched in; never written. */
static struct live_entry nothing;

static uint32_t limit_of(size_t size)
{
        return (uint32_t)(size * 5 / 8);
}

/* Gives the segment `size` unused entries, and forgets those it had. */
static bool segment_memory(struct live_table *table, struct live_segment *segment, size_t size)
{
        bool arena = table->used >= ARENA_FROM && size * sizeof *segment->entries == LIVE_ARENA_PIECE;
        struct live_chunk *chunk = NULL;
        void *memory = arena ? live_arena_take(&table->arena, &chunk)
                             : mem_alloc(size * sizeof *segment->entries + CACHE_LINE, 1);

        if (!memory)
                return false;
        segment->memory = memory;
        segment->chunk = chunk;
        segment->entries = (void *)(((uintptr_t)memory + CACHE_LINE - 1) & ~(uintptr_t)(CACHE_LINE - 1));
        segment->mask = (uint32_t)size - 1;
        segment->limit = limit_of(size);
        return true;
}

static void memory_free(struct live_table *table, const struct live_segment *segment)
{
        if (segment->chunk)
                live_arena_give(&table->arena, segment->chunk, segment->memory);
        else
                mem_free(segment->memory);
}

static struct live_segment *segment_create(unsigned depth)
{
        struct live_segment *segment = mem_alloc(1, sizeof *segment);

        if (segment)
                *segment = (struct live_segment){ .entries = &nothing, .depth = depth };
        return segment;
}

static void segment_destroy(struct live_table *table, struct live_segment *segment)
{
        memory_free(table, segment);
        mem_free(segment);
}

static void place(struct live_segment *segment, const struct live_entry *entry)
{
        *live_segment_find(segment, entry->address) = *entry;
}

static bool segment_resize(struct live_table *table, struct live_segment *segment, size_t size)
{
        struct live_segment old = *segment;

        if (!segment_memory(table, segment, size))
                return false;
        for (size_t i = 0; i <= old.mask; i++)
                if (old.entries[i].address)
                        place(segment, &old.entries[i]);
        memory_free(table, &old);
        return true;
}

void live_table_shrink(struct live_table *table, struct live_segment *segment)
{
        size_t size = (segment->mask + UINT64_C(1)) / 4;

        (void)segment_resize(table, segment, size); /* stays as it is without memory */
}

/* ---- the directory ------------------------------------------------------- */

static bool directory_double(struct live_table *table)
{
        size_t size = (size_t)1 << table->depth;
        struct live_segment **bigger = mem_alloc(2 * size, sizeof(struct live_segment *));

        if (!bigger)
                return false;
        for (size_t i = 0; i < size; i++)
                bigger[2 * i] = bigger[2 * i + 1] = table->directory[i];
        mem_free(table->directory);
        table->directory = bigger;
        table->depth++;
        return true;
}

static bool directory_create(struct live_table *table)
{
        table->directory = mem_alloc(1, sizeof(struct live_segment *));
        if (!table->directory)
                return false;
        table->directory[0] = segment_create(0);
        if (table->directory[0])
                return true;
        mem_free(table->directory);
        table->directory = NULL;
        return false;
}

/* Parts a segment of ENTRIES_PART in two, by the next bit of the hash. */
static bool part(struct live_table *table, uint64_t hash)
{
        struct live_segment *low = live_table_segment(table, hash), *high = segment_create(low->depth + 1);
        size_t slots = (size_t)1 << (table->depth - low->depth);
        size_t first = (hash >> 1 >> (63 - table->depth)) & ~(slots - 1);
        struct live_entry old[ENTRIES_PART];

        if (!high || !segment_memory(table, high, ENTRIES_PART)) {
                mem_free(high);
                return false;
        }
        memcpy(old, low->entries, sizeof old);
        memset(low->entries, 0, sizeof old);
        low->depth++;
        low->used = 0;
        for (size_t i = 0; i < ENTRIES_PART; i++) {
                struct live_segment *to = live_hash(old[i].address) << (low->depth - 1) >> 63 ? high : low;

                if (!old[i].address)
                        continue;
                place(to, &old[i]);
                to->used++;
        }
        for (size_t i = slots / 2; i < slots; i++)
                table->directory[first + i] = high;
        return true;
}

/* A directory that many addresses with the same first bits of the hash would
 * make large is not worth it: then the segment grows. */
static bool may_part(struct live_table *table, const struct live_segment *segment)
{
        if (segment->mask + UINT64_C(1) != ENTRIES_PART)
                return false;
        if (segment->depth < table->depth)
                return true;
        return (size_t)1 << table->depth <= table->used / SPARSE && directory_double(table);
}

bool live_table_grow(struct live_table *table, uint64_t address)
{
        uint64_t hash = live_hash(address);
        struct live_segment *segment;

        if (!table->directory && !directory_create(table))
                return false;
        for (;;) {
                segment = live_table_segment(table, hash);
                if (segment->used < segment->limit)
                        return true;
                if (may_part(table, segment)) {
                        if (!part(table, hash))
                                break;
                } else if (!segment_resize(table, segment,
                                           segment->limit ? 2 * (segment->mask + UINT64_C(1)) : ENTRIES_MIN)) {
                        break;
                }
        }
        /* Without memory it may fill up to its last unused entry. */
        return segment->limit && segment->used + 1 < segment->mask + UINT64_C(1);
}

/* ---- all of it ------------------------------------------------------------ */

/* The slot of the directory where the next segment begins. */
static size_t next_segment(const struct live_table *table, size_t slot)
{
        return slot + ((size_t)1 << (table->depth - table->directory[slot]->depth));
}

static size_t slots_of(const struct live_table *table)
{
        return table->directory ? (size_t)1 << table->depth : 0;
}

struct live_entry *live_table_next(struct live_cursor *cursor)
{
        const struct live_table *table = cursor->table;

        while (cursor->slot < slots_of(table)) {
                const struct live_segment *segment = table->directory[cursor->slot];

                while (cursor->at <= segment->mask) {
                        struct live_entry *entry = &segment->entries[cursor->at++];

                        if (entry->address)
                                return entry;
                }
                cursor->slot = next_segment(table, cursor->slot);
                cursor->at = 0;
        }
        return NULL;
}

static struct live_segment *segment_copy(struct live_table *table, const struct live_segment *from)
{
        struct live_segment *to = segment_create(from->depth);

        if (!to || !from->used)
                return to;
        if (!segment_memory(table, to, from->mask + UINT64_C(1))) {
                segment_destroy(table, to);
                return NULL;
        }
        memcpy(to->entries, from->entries, (from->mask + UINT64_C(1)) * sizeof *to->entries);
        to->used = from->used;
        return to;
}

int live_table_copy(struct live_table *to, const struct live_table *from)
{
        size_t slots = slots_of(from), slot = 0;

        if (!from->used)
                return 0;
        to->directory = mem_alloc(slots, sizeof(struct live_segment *));
        if (!to->directory)
                return -1;
        to->depth = from->depth;
        to->used = from->used;
        while (slot < slots) {
                size_t next = next_segment(from, slot);
                struct live_segment *copy = segment_copy(to, from->directory[slot]);

                if (!copy)
                        break;
                while (slot < next)
                        to->directory[slot++] = copy;
        }
        if (slot == slots)
                return 0;
        live_table_deinit(to);
        return -1;
}

void live_table_deinit(struct live_table *table)
{
        for (size_t slot = 0, next; slot < slots_of(table) && table->directory[slot]; slot = next) {
                next = next_segment(table, slot);
                segment_destroy(table, table->directory[slot]);
        }
        mem_free(table->directory);
        live_arena_deinit(&table->arena);
        *table = (struct live_table){ 0 };
}

size_t live_table_bytes(const struct live_table *table)
{
        size_t bytes = slots_of(table) * sizeof(struct live_segment *);

        for (size_t slot = 0; slot < slots_of(table); slot = next_segment(table, slot)) {
                const struct live_segment *segment = table->directory[slot];

                bytes += sizeof *segment;
                bytes += segment->memory ? (segment->mask + UINT64_C(1)) * sizeof *segment->entries + CACHE_LINE : 0;
        }
        return bytes;
}
