#include "filter.h"

#include <stdbool.h>
#include <string.h>

enum {
        HEAD_WORDS = 8,
        CONTAINER_MOST = 1 << 28, /* of what a container's block can hold */
        AHEAD = 128,              /* bytes: how far ahead it is found out where words lead */
        TEXT_AROUND = 528,        /* what decides whether a word is text, and the word */
        CLASS_DROP = 0,
        CLASS_TEXT,
        CLASS_KEEP,
};

/* ---- where words may lead ------------------------------------------------------ */

int filter_init(struct filter *filter, const struct snapshot *snapshot)
{
        *filter = (struct filter){ .snapshot = snapshot };
        if (targets_init(&filter->blocks, snapshot))
                return -1;
        for (size_t i = 0; i < snapshot->segment_count; i++) {
                const struct segment *segment = &snapshot->segments[i];

                if (!segment->writable && !segment->executable &&
                    ranges_add(&filter->tables, segment->start, segment->end))
                        return -1;
        }
        ranges_sort(&filter->tables);
        return 0;
}

void filter_deinit(struct filter *filter)
{
        targets_deinit(&filter->blocks);
        ranges_deinit(&filter->tables);
        *filter = (struct filter){ 0 };
}

/* `word` is aligned and is not near a block as it is. */
static bool leads_by_tag_or_to_table(const struct filter *filter, uint64_t word)
{
        const struct ranges *tables = &filter->tables;

        if (word >> 48 && targets_lead(&filter->blocks, (uint64_t)((int64_t)(word << 16) >> 16)))
                return true;
        return tables->count && word >= tables->list[0].start && word < tables->list[tables->count - 1].end &&
               ranges_has(tables, word);
}

static bool leads_somewhere(const struct filter *filter, uint64_t word)
{
        return targets_lead(&filter->blocks, word) || leads_by_tag_or_to_table(filter, word);
}

uint64_t filter_word(const struct filter *filter, uint64_t word)
{
        return !word || leads_somewhere(filter, word) ? word : UINT64_MAX;
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

static uint64_t word_at(const uint8_t *bytes, size_t at)
{
        uint64_t word;

        memcpy(&word, bytes + at, sizeof word);
        return word;
}

static void mark_aligned(const struct filter *filter, uint8_t *classes, const uint8_t *bytes, size_t at, size_t size)
{
        if (!leads_somewhere(filter, word_at(bytes, at)))
                return;
        mark(classes, at, at + 8, CLASS_KEEP);
        if (may_be_text(bytes + at))
                mark(classes, at > TEXT_AROUND ? at - TEXT_AROUND : 0,
                     size - at > TEXT_AROUND ? at + TEXT_AROUND : size, CLASS_TEXT);
}

/* All words, at any byte; the first is aligned and `size` a multiple of eight. */
static void mark_words(const struct filter *filter, uint8_t *classes, const uint8_t *bytes, size_t size)
{
        uint64_t word = word_at(bytes, 0), next;

        for (size_t at = 0; at + 8 <= size; at += 8, word = next) {
                if (at + AHEAD + 8 <= size && targets_near(&filter->blocks, word_at(bytes, at + AHEAD)))
                        targets_fetch(&filter->blocks, word_at(bytes, at + AHEAD));
                next = at + 16 <= size ? word_at(bytes, at + 8) : 0;
                if (word)
                        mark_aligned(filter, classes, bytes, at, size);
                if (!(word | next) || at + 16 > size)
                        continue;
                for (unsigned shift = 8; shift < 64; shift += 8) {
                        uint64_t between = word >> shift | next << (64 - shift);

                        if (between && targets_lead(&filter->blocks, between))
                                mark(classes, at + shift / 8, at + shift / 8 + 8, CLASS_KEEP);
                }
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

/* What makes the word at bytes[at] the address of a string's characters or of a
 * deque's map; `words` are it and the two after it. */
static void mark_container(const struct snapshot *snapshot, uint8_t *classes, uint64_t address, size_t at,
                           const uint64_t words[3])
{
        const struct block *block;
        size_t id;

        if (words[0] == address + 16 && words[1] < 8) {
                mark(classes, at + 8, at + 16, CLASS_KEEP);
                mark(classes, at + 16, at + 17 + (size_t)words[1], CLASS_TEXT);
                return;
        }
        id = first_block(snapshot, words[0]);
        block = id < snapshot->block_count ? &snapshot->blocks[id] : NULL;
        if (!block || block->address != words[0])
                return;
        if (words[1] < block->size && words[2] == block->size - 1)
                mark(classes, at + 8, at + 24, CLASS_KEEP);
        else if (words[1] * 8 == block->size)
                mark(classes, at + 8, at + 16, CLASS_KEEP);
}

static void mark_containers(const struct filter *filter, uint8_t *classes, uint64_t base, const uint8_t *bytes,
                            size_t size)
{
        for (size_t at = -base & 7; at + 24 <= size; at += 8) {
                uint64_t words[3];

                memcpy(words, bytes + at, sizeof words);
                if (words[0] && (words[1] || words[2]) && words[1] < CONTAINER_MOST &&
                    targets_lead(&filter->blocks, words[0]))
                        mark_container(filter->snapshot, classes, base + at, at, words);
        }
}

/* Small numbers at the start of blocks. */
static void mark_heads(const struct snapshot *snapshot, uint8_t *classes, uint64_t base, const uint8_t *bytes,
                       size_t size)
{
        for (size_t i = first_block(snapshot, base);
             i < snapshot->block_count && snapshot->blocks[i].address < base + size; i++) {
                const struct block *block = &snapshot->blocks[i];
                uint64_t at = ((block->address + 7) & ~UINT64_C(7)) - base;

                for (unsigned w = 0; w < HEAD_WORDS && at + 8 <= size; w++, at += 8) {
                        uint64_t word;

                        memcpy(&word, bytes + at, sizeof word);
                        if (word <= block->size)
                                mark(classes, (size_t)at, (size_t)at + 8, CLASS_KEEP);
                }
        }
}

/* ---- filtering --------------------------------------------------------------------- */

#define ALL_KEEP (UINT64_C(0x0101010101010101) * CLASS_KEEP)

static uint8_t filtered(uint8_t byte, uint8_t class)
{
        if (class == CLASS_KEEP)
                return byte;
        if (class == CLASS_TEXT && (!byte || is_character(byte)))
                return byte ? 'x' : 0;
        return 0xff;
}

static void filter_eight(uint8_t *bytes, const uint8_t *classes)
{
        uint64_t class = word_at(classes, 0);

        if (!word_at(bytes, 0) || class == ALL_KEEP)
                return;
        if (!class)
                memset(bytes, 0xff, 8);
        for (size_t i = 0; class && i < 8; i++)
                bytes[i] = filtered(bytes[i], classes[i]);
}

void filter_bytes(const struct filter *filter, uint64_t address, uint8_t *bytes, size_t size, uint8_t *classes)
{
        const uint8_t *around = bytes - FILTER_MARGIN;
        size_t all = size + 2 * (size_t)FILTER_MARGIN;
        uint64_t base = address - FILTER_MARGIN;

        memset(classes, CLASS_DROP, all);
        mark_words(filter, classes, around, all);
        mark_heads(filter->snapshot, classes, base, around, all);
        mark_containers(filter, classes, base, around, all);
        for (size_t at = 0; at + 8 <= size; at += 8)
                filter_eight(bytes + at, classes + FILTER_MARGIN + at);
}
