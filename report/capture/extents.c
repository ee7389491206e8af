#include "extents.h"

#include "../mem.h"

static size_t count_mappings(const struct block *blocks, size_t count)
{
        size_t mappings = 0;

        for (size_t i = 0; i < count; i++)
                mappings += (blocks[i].flags & BLOCK_MAPPING) != 0;
        return mappings;
}

int extents_init(struct extents *extents, const struct block *blocks, size_t count)
{
        *extents = (struct extents){ .blocks = blocks, .count = count };
        extents->mappings = mem_alloc(count_mappings(blocks, count), sizeof *extents->mappings);
        if (!extents->mappings)
                return -1;
        for (size_t i = 0; i < count; i++)
                if (blocks[i].flags & BLOCK_MAPPING)
                        extents->mappings[extents->mapping_count++] = i;
        return 0;
}

void extents_deinit(struct extents *extents)
{
        mem_free(extents->mappings);
        *extents = (struct extents){ 0 };
}

/* How many blocks begin at or below `address`. */
static size_t upper(const struct extents *extents, uint64_t address)
{
        size_t low = 0, high = extents->count;

        while (low < high) {
                size_t middle = low + (high - low) / 2;

                if (extents->blocks[middle].address <= address)
                        low = middle + 1;
                else
                        high = middle;
        }
        return low;
}

static size_t upper_mapping(const struct extents *extents, uint64_t address)
{
        size_t low = 0, high = extents->mapping_count;

        while (low < high) {
                size_t middle = low + (high - low) / 2;

                if (extents->blocks[extents->mappings[middle]].address <= address)
                        low = middle + 1;
                else
                        high = middle;
        }
        return low;
}

static bool holds(const struct block *block, uint64_t address)
{
        return address - block->address < block->size;
}

const struct block *extents_find(const struct extents *extents, uint64_t address)
{
        size_t at = upper(extents, address), mapping;

        if (at && holds(&extents->blocks[at - 1], address))
                return &extents->blocks[at - 1];
        mapping = upper_mapping(extents, address);
        if (mapping && holds(&extents->blocks[extents->mappings[mapping - 1]], address))
                return &extents->blocks[extents->mappings[mapping - 1]];
        return NULL;
}

bool extents_any(const struct extents *extents, uint64_t start, uint64_t end)
{
        for (size_t at = start ? upper(extents, start - 1) : 0;
             at < extents->count && extents->blocks[at].address < end; at++)
                if (!(extents->blocks[at].flags & BLOCK_MAPPING))
                        return true;
        return false;
}

uint64_t extents_above(const struct extents *extents, uint64_t address)
{
        size_t at = upper(extents, address);

        return at < extents->count ? extents->blocks[at].address : UINT64_MAX;
}
