#include "targets.h"

#include "../mem.h"

enum {
        PAGE = 4096,
        UNIT = 8,
        PAGE_WORDS = PAGE / UNIT / 64,
        LARGE = 1 << 18, /* a block from this size on is a range of its own */
};

/* The last address that leads to the block. */
static uint64_t last_address(const struct block *block)
{
        return block->address + (block->size > UNIT - 1 ? block->size : UNIT - 1);
}

static int add_pages(struct ranges *pages, const struct block *block)
{
        struct range *last = pages->count ? &pages->list[pages->count - 1] : NULL;
        uint64_t start = block->address & ~(uint64_t)(PAGE - 1);
        uint64_t end = (last_address(block) & ~(uint64_t)(PAGE - 1)) + PAGE;

        if (!last || start < last->start || start > last->end)
                return ranges_add(pages, start, end);
        last->end = end > last->end ? end : last->end;
        return 0;
}

static int find_ranges(struct targets *targets, const struct snapshot *snapshot)
{
        uint64_t least = UINT64_MAX, last = 0;

        for (size_t i = 0; i < snapshot->block_count; i++) {
                const struct block *block = &snapshot->blocks[i];
                uint64_t end = last_address(block);

                least = block->address < least ? block->address : least;
                last = end > last ? end : last;
                if (block->size >= LARGE ? ranges_add(&targets->large, block->address, end + 1)
                                         : add_pages(&targets->pages, block))
                        return -1;
        }
        targets->least = least;
        targets->span = snapshot->block_count ? last - least : 0;
        ranges_sort(&targets->large);
        ranges_sort(&targets->pages);
        return 0;
}

static int reserve(struct targets *targets)
{
        uint64_t words = 0;

        targets->first = mem_alloc(targets->pages.count, sizeof *targets->first);
        if (!targets->first)
                return -1;
        for (size_t i = 0; i < targets->pages.count; i++) {
                targets->first[i] = words;
                words += (targets->pages.list[i].end - targets->pages.list[i].start) / PAGE * PAGE_WORDS;
        }
        targets->size = (size_t)words * sizeof *targets->bits;
        targets->bits = words ? mem_reserve(targets->size) : NULL;
        return words && !targets->bits ? -1 : 0;
}

static void set_bits(uint64_t *bits, uint64_t from, uint64_t to)
{
        for (; from <= to; from++)
                bits[from / 64] |= UINT64_C(1) << from % 64;
}

static void set_all(struct targets *targets, const struct snapshot *snapshot)
{
        const struct ranges *pages = &targets->pages;
        size_t range = 0;

        for (size_t i = 0; i < snapshot->block_count; i++) {
                const struct block *block = &snapshot->blocks[i];
                uint64_t start;

                if (block->size >= LARGE)
                        continue;
                if (block->address < pages->list[range].start || block->address >= pages->list[range].end)
                        range = ranges_from(pages, block->address);
                start = pages->list[range].start;
                set_bits(targets->bits + targets->first[range], (block->address - start) / UNIT,
                         (last_address(block) - start) / UNIT);
        }
}

int targets_init(struct targets *targets, const struct snapshot *snapshot)
{
        *targets = (struct targets){ 0 };
        if (find_ranges(targets, snapshot) || reserve(targets))
                return -1;
        set_all(targets, snapshot);
        return 0;
}

void targets_deinit(struct targets *targets)
{
        if (targets->bits)
                mem_unreserve(targets->bits, targets->size);
        mem_free(targets->first);
        ranges_deinit(&targets->large);
        ranges_deinit(&targets->pages);
        *targets = (struct targets){ 0 };
}

/* The word with the bit of the address, and in `*bit` which; NULL where there
 * is none. */
static const uint64_t *find_bit(const struct targets *targets, uint64_t address, unsigned *bit)
{
        const struct ranges *pages = &targets->pages;
        size_t i = ranges_from(pages, address);
        uint64_t unit;

        if (i == pages->count || pages->list[i].start > address)
                return NULL;
        unit = (address - pages->list[i].start) / UNIT;
        *bit = unit % 64;
        return targets->bits + targets->first[i] + unit / 64;
}

void targets_fetch(const struct targets *targets, uint64_t address)
{
        unsigned bit;

        __builtin_prefetch(find_bit(targets, address, &bit));
}

bool targets_hit(const struct targets *targets, uint64_t address)
{
        unsigned bit;
        const uint64_t *word = find_bit(targets, address, &bit);

        return (word && *word >> bit & 1) || ranges_has(&targets->large, address);
}
