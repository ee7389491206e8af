#include "filter.h"

#include "../mem.h"

#include <stdbool.h>
#include <string.h>

enum {
        PAGE = 4096,
        HEAD_WORDS = 8,
        TEXT_AROUND = 528, /* what decides whether a word is text, and the word */
        CLASS_DROP = 0,
        CLASS_TEXT,
        CLASS_KEEP,
};

/* ---- where words may lead ------------------------------------------------------ */

static int add_block(struct ranges *ranges, const struct block *block)
{
        struct range *last = ranges->count ? &ranges->list[ranges->count - 1] : NULL;
        uint64_t start = block->address & ~(uint64_t)(PAGE - 1);
        uint64_t end =
                ((block->address + block->size) & ~(uint64_t)(PAGE - 1)) + PAGE; /* one past it leads to it, too */

        if (last && start >= last->start && start <= last->end) {
                last->end = end > last->end ? end : last->end;
                return 0;
        }
        return ranges_add(ranges, start, end);
}

int filter_init(struct filter *filter, const struct snapshot *snapshot)
{
        *filter = (struct filter){ .snapshot = snapshot };
        for (size_t i = 0; i < snapshot->block_count; i++)
                if (add_block(&filter->blocks, &snapshot->blocks[i]))
                        return -1;
        for (size_t i = 0; i < snapshot->segment_count; i++) {
                const struct segment *segment = &snapshot->segments[i];

                if (!segment->writable && !segment->executable &&
                    ranges_add(&filter->tables, segment->start, segment->end))
                        return -1;
        }
        ranges_sort(&filter->blocks);
        ranges_sort(&filter->tables);
        return 0;
}

void filter_deinit(struct filter *filter)
{
        ranges_deinit(&filter->blocks);
        ranges_deinit(&filter->tables);
        mem_free(filter->classes);
        *filter = (struct filter){ 0 };
}

static bool leads_to(const struct ranges *ranges, uint64_t word)
{
        size_t low = 0, high = ranges->count;

        if (!high || word < ranges->list[0].start || word >= ranges->list[high - 1].end)
                return false;
        while (low < high) {
                size_t middle = low + (high - low) / 2;

                if (ranges->list[middle].end <= word)
                        low = middle + 1;
                else
                        high = middle;
        }
        return ranges->list[low].start <= word;
}

static bool leads_somewhere(const struct filter *filter, uint64_t word, bool aligned)
{
        if (leads_to(&filter->blocks, word))
                return true;
        if (!aligned)
                return false;
        if (word >> 48 && leads_to(&filter->blocks, (uint64_t)((int64_t)(word << 16) >> 16)))
                return true;
        return leads_to(&filter->tables, word);
}

uint64_t filter_word(const struct filter *filter, uint64_t word)
{
        return !word || leads_somewhere(filter, word, true) ? word : UINT64_MAX;
}

/* ---- what to keep ---------------------------------------------------------------- */

static bool is_character(uint8_t byte)
{
        return (byte >= ' ' && byte <= '~') || byte == '\t' || byte == '\n' || byte == '\r';
}

/* Could the word be a part of a text? */
static bool may_be_text(const uint8_t *bytes)
{
        for (size_t i = 0; i < 8; i++)
                if (bytes[i] && !is_character(bytes[i]))
                        return false;
        return true;
}

static void mark(uint8_t *classes, size_t at, size_t end, uint8_t class)
{
        for (; at < end; at++)
                classes[at] = classes[at] > class ? classes[at] : class;
}

static void mark_words(struct filter *filter, uint64_t base, const uint8_t *bytes, size_t size)
{
        for (size_t i = 0; i + 8 <= size; i++) {
                bool aligned = !((base + i) & 7);
                uint64_t word;

                memcpy(&word, bytes + i, sizeof word);
                if (!word || !leads_somewhere(filter, word, aligned))
                        continue;
                mark(filter->classes, i, i + 8, CLASS_KEEP);
                if (aligned && may_be_text(bytes + i))
                        mark(filter->classes, i > TEXT_AROUND ? i - TEXT_AROUND : 0,
                             size - i > TEXT_AROUND ? i + TEXT_AROUND : size, CLASS_TEXT);
        }
}

/* The first block at or after an address. */
static size_t first_block(const struct snapshot *snapshot, uint64_t address)
{
        size_t low = 0, high = snapshot->block_count;

        while (low < high) {
                size_t middle = low + (high - low) / 2;

                if (snapshot->blocks[middle].address < address)
                        low = middle + 1;
                else
                        high = middle;
        }
        return low;
}

/* Small numbers at the start of blocks. */
static void mark_heads(struct filter *filter, uint64_t base, const uint8_t *bytes, size_t size)
{
        const struct snapshot *snapshot = filter->snapshot;

        for (size_t i = first_block(snapshot, base);
             i < snapshot->block_count && snapshot->blocks[i].address < base + size; i++) {
                const struct block *block = &snapshot->blocks[i];
                uint64_t at = ((block->address + 7) & ~UINT64_C(7)) - base;

                for (unsigned w = 0; w < HEAD_WORDS && at + 8 <= size; w++, at += 8) {
                        uint64_t word;

                        memcpy(&word, bytes + at, sizeof word);
                        if (word <= block->size)
                                mark(filter->classes, (size_t)at, (size_t)at + 8, CLASS_KEEP);
                }
        }
}

/* ---- filtering --------------------------------------------------------------------- */

static uint8_t filtered(uint8_t byte, uint8_t class)
{
        if (class == CLASS_KEEP)
                return byte;
        if (class == CLASS_TEXT && (!byte || is_character(byte)))
                return byte ? 'x' : 0;
        return 0xff;
}

int filter_bytes(struct filter *filter, uint64_t address, uint8_t *bytes, size_t size)
{
        const uint8_t *around = bytes - FILTER_MARGIN;
        size_t all = size + 2 * (size_t)FILTER_MARGIN;
        uint64_t base = address - FILTER_MARGIN;
        const uint8_t *classes;

        if (mem_grow(&filter->classes, &filter->capacity, all, 1))
                return -1;
        memset(filter->classes, CLASS_DROP, all);
        mark_words(filter, base, around, all);
        mark_heads(filter, base, around, all);
        classes = filter->classes + FILTER_MARGIN;
        for (size_t at = 0; at + 8 <= size; at += 8) {
                uint64_t word;

                memcpy(&word, bytes + at, sizeof word);
                for (size_t i = at; word && i < at + 8; i++)
                        bytes[i] = filtered(bytes[i], classes[i]);
        }
        return 0;
}
