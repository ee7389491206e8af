/* The live blocks as one sorted array. */
#include "live.h"

#include "../mem.h"
#include "../share.h"

#include <stdlib.h>
#include <string.h>

static void gather(const struct live *live, struct block *blocks)
{
        struct live_cursor cursor = { .table = &live->table };
        struct live_entry entry;

        while (live_table_next(&cursor, &entry))
                *blocks++ = (struct block){
                        .address = entry.address,
                        .size = entry.size,
                        .time_ns = entry.time_ns,
                        .stack = entry.stack,
                        .thread = live_entry_thread(&entry),
                        .flags = live_entry_flags(&entry),
                };
}

static int by_address(const void *a, const void *b)
{
        uint64_t x = ((const struct block *)a)->address, y = ((const struct block *)b)->address;

        return x < y ? -1 : x > y;
}

enum {
        DIGIT_BITS = 13, /* at most, of a radix sort: two passes for a heap of some 512 MB */
        DIGITS = 1 << DIGIT_BITS,
        PARALLEL_LEAST = 1 << 16 /* blocks */
};

/* One pass of a radix sort, in parts that each have a run of the blocks. */
struct pass {
        const struct block *from;
        struct block *to;
        size_t count;
        unsigned parts, shift;
        uint32_t mask;
        size_t (*starts)[DIGITS]; /* of each part: its blocks of each digit, then where the next of them goes */
};

static size_t part_start(const struct pass *pass, unsigned part)
{
        return pass->count / pass->parts * part + (part == pass->parts ? pass->count % pass->parts : 0);
}

static void count_part(void *context, unsigned part)
{
        const struct pass *pass = context;
        size_t end = part_start(pass, part + 1), *starts = pass->starts[part];

        memset(starts, 0, sizeof *pass->starts);
        for (size_t i = part_start(pass, part); i < end; i++)
                starts[pass->from[i].address >> pass->shift & pass->mask]++;
}

static void move_part(void *context, unsigned part)
{
        const struct pass *pass = context;
        size_t end = part_start(pass, part + 1), *starts = pass->starts[part];

        for (size_t i = part_start(pass, part); i < end; i++)
                pass->to[starts[pass->from[i].address >> pass->shift & pass->mask]++] = pass->from[i];
}

static void radix_pass(struct pass *pass)
{
        size_t at = 0;

        share_run(pass->parts, count_part, pass);
        for (size_t digit = 0; digit <= pass->mask; digit++) {
                for (unsigned part = 0; part < pass->parts; part++) {
                        size_t here = pass->starts[part][digit];

                        pass->starts[part][digit] = at;
                        at += here;
                }
        }
        share_run(pass->parts, move_part, pass);
}

/* Sorts by the address bits that `differ`, from the lowest; returns where the
 * blocks are then: `blocks` or `spare`. */
static struct block *radix_sort(struct pass *pass, struct block *blocks, struct block *spare, uint64_t differ)
{
        unsigned low = (unsigned)__builtin_ctzll(differ), bits = 64 - (unsigned)__builtin_clzll(differ) - low;
        unsigned passes = (bits + DIGIT_BITS - 1) / DIGIT_BITS, digit = (bits + passes - 1) / passes;

        pass->mask = (UINT32_C(1) << digit) - 1;
        for (unsigned i = 0; i < passes; i++) {
                pass->shift = low + i * digit;
                pass->from = i % 2 ? spare : blocks;
                pass->to = i % 2 ? blocks : spare;
                radix_pass(pass);
        }
        return pass->to;
}

/* Sorts in time linear in `count`, with as much memory again; without it, in
 * place. */
static void sort(struct block *blocks, size_t count)
{
        struct pass pass = { .count = count, .parts = share_parts(count, PARALLEL_LEAST) };
        struct block *spare = count > 8192 ? mem_alloc(count, sizeof *spare) : NULL;
        uint64_t differ = 0;

        pass.starts = spare ? mem_alloc(pass.parts, sizeof *pass.starts) : NULL;
        for (size_t i = 1; i < count; i++)
                differ |= blocks[i].address ^ blocks[0].address;
        if (!pass.starts)
                qsort(blocks, count, sizeof *blocks, by_address);
        else if (differ && radix_sort(&pass, blocks, spare, differ) != blocks)
                memcpy(blocks, spare, count * sizeof *blocks);
        mem_free(pass.starts);
        mem_free(spare);
}

/* Cuts blocks that reach into the next one or past the end of all memory: a
 * trace with defects may say so, a snapshot must not. */
static void part_blocks(struct block *blocks, size_t count)
{
        for (size_t i = 0; i < count; i++) {
                uint64_t room = (i + 1 < count ? blocks[i + 1].address : UINT64_MAX) - blocks[i].address;

                if (blocks[i].size > room)
                        blocks[i].size = room;
        }
}

/* Is `next` a piece of the same?  Pieces that touch and were once mapped together are one block to
 * whoever points at them. */
static bool goes_on(const struct live_mapping *last, const struct live_mapping *next)
{
        return !last->own && !next->own && last->end == next->start && last->family == next->family &&
               last->inherited == next->inherited;
}

static struct block mapping_block(const struct live_mapping *first)
{
        return (struct block){
                .address = first->start,
                .size = first->end - first->start,
                .time_ns = first->time_ns,
                .stack = first->stack,
                .thread = first->thread,
                .flags =
                        BLOCK_MAPPING | (first->inherited ? BLOCK_INHERITED : 0) | (first->ignored ? BLOCK_IGNORED : 0),
        };
}

/* The mappings as blocks, ascending; returns how many. */
static size_t gather_mappings(const struct live *live, struct block *blocks)
{
        const struct live_mapping *mapping, *last = NULL;
        struct live_place place = { 0 };
        size_t count = 0;

        for (; (mapping = live_mappings_next(&live->mappings, &place)); last = mapping) {
                if (last && goes_on(last, mapping))
                        blocks[count - 1].size = mapping->end - blocks[count - 1].address;
                else if (!mapping->own)
                        blocks[count++] = mapping_block(mapping);
        }
        return count;
}

/* Merges the mappings into the first `used` blocks, from the top down, a
 * mapping before the blocks it holds. */
static void merge_mappings(struct block *blocks, size_t used, const struct block *mappings, size_t count)
{
        for (size_t room = used + count; count; blocks[--room] = mappings[--count])
                while (used && blocks[used - 1].address >= mappings[count - 1].address)
                        blocks[--room] = blocks[--used];
}

int live_blocks(const struct live *live, struct block **blocks, size_t *count, struct error *e)
{
        struct block *mappings = mem_alloc(live->mappings.count, sizeof *mappings);
        size_t used = live->table.used, mapped = mappings ? gather_mappings(live, mappings) : 0;

        *blocks = mappings ? mem_alloc(used + mapped, sizeof **blocks) : NULL;
        if (*blocks) {
                gather(live, *blocks);
                sort(*blocks, used);
                part_blocks(*blocks, used);
                merge_mappings(*blocks, used, mappings, mapped);
                *count = used + mapped;
        }
        mem_free(mappings);
        return *blocks ? 0 : error_no_memory(e, "listing the live blocks");
}
