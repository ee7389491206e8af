#include "pointers.h"

#define OUTER_SIZE (1ull << 20)

static uint64_t block_end(const struct block *block)
{
        uint64_t end;

        if (__builtin_add_overflow(block->address, block->size, &end))
                return UINT64_MAX;
        return end;
}

/* Chunks */

static struct pointer_chunk *chunk_slot(struct pointers *p, uint64_t key)
{
        uint64_t mask = (1ull << (64 - p->chunk_shift)) - 1;
        uint64_t slot = key * 0x9e3779b97f4a7c15ull >> p->chunk_shift;

        while (p->chunks[slot].key && p->chunks[slot].key != key)
                slot = (slot + 1) & mask;
        return &p->chunks[slot];
}

/* The last chunk that the block touches as a pointee or end; large blocks
 * count for their first only. */
static uint64_t last_chunk(const struct block *block)
{
        uint64_t address = block->size >= OUTER_SIZE ? block->address : block_end(block);

        return address >> CHUNK_BITS;
}

/* Calls for each chunk, ascending; `add` makes entries, without it they are
 * counted.  Chunks that no block starts in share the empty granules at 0. */
static uint64_t walk_chunks(struct pointers *p, bool add, uint64_t *starting)
{
        uint64_t chunks = 0, next = 0; /* next = first chunk not yet seen */

        *starting = 0;
        for (uint64_t id = 0; id < p->count; id++) {
                uint64_t first = p->blocks[id].address >> CHUNK_BITS, last = last_chunk(&p->blocks[id]);
                bool starts = !id || p->blocks[id - 1].address >> CHUNK_BITS != first;
                uint64_t granules = 0;

                if (starts)
                        granules = ++*starting * (CHUNK_GRANULES + 1);
                if (starts && add) {
                        struct pointer_chunk *slot = chunk_slot(p, first + 1);

                        *slot = (struct pointer_chunk){ .key = first + 1, .first = id, .granules = granules };
                }
                if (first >= next) {
                        chunks++;
                        next = first + 1;
                }
                for (uint64_t chunk = first + 1; add && chunk <= last; chunk++)
                        *chunk_slot(p, chunk + 1) = (struct pointer_chunk){ .key = chunk + 1, .first = id + 1 };
                if (last >= next) {
                        chunks += last + 1 - next;
                        next = last + 1;
                }
        }
        return chunks;
}

static int init_chunks(struct pointers *p)
{
        uint64_t starting, chunks = walk_chunks(p, false, &starting);
        unsigned bits = 4;

        while ((1ull << bits) < chunks * 2)
                bits++;
        p->chunk_shift = 64 - bits;
        p->chunks = mem_alloc(1ull << bits, sizeof *p->chunks);
        p->granules = mem_alloc((starting + 1) * (CHUNK_GRANULES + 1), sizeof *p->granules);
        if (!p->chunks || !p->granules)
                return -1;
        (void)walk_chunks(p, true, &starting);
        return 0;
}

/* -1 when a chunk holds more blocks than a sane heap can put there. */
static int fill_granules(struct pointers *p)
{
        uint64_t id = 0;

        while (id < p->count) {
                uint64_t chunk = p->blocks[id].address >> CHUNK_BITS, first = id;
                uint16_t *granules = p->granules + chunk_slot(p, chunk + 1)->granules;
                unsigned filled = 0; /* granules[0..filled] are right */

                for (; id < p->count && p->blocks[id].address >> CHUNK_BITS == chunk; id++) {
                        unsigned granule = p->blocks[id].address >> GRANULE_BITS & (CHUNK_GRANULES - 1);

                        while (filled < granule)
                                granules[++filled] = (uint16_t)(id - first);
                        if (id - first >= UINT16_MAX)
                                return -1;
                }
                while (filled < CHUNK_GRANULES)
                        granules[++filled] = (uint16_t)(id - first);
        }
        return 0;
}

static int init_low(struct pointers *p)
{
        p->low = mem_alloc(p->count + LOW_SPARE, sizeof *p->low);
        if (!p->low)
                return -1;
        for (uint64_t id = 0; id < p->count; id++) {
                uint64_t size = p->blocks[id].size < LOW_SIZE_UNKNOWN ? p->blocks[id].size : LOW_SIZE_UNKNOWN;

                p->low[id] = (uint32_t)(p->blocks[id].address & CHUNK_MASK) << LOW_SIZE_BITS | (uint32_t)size;
        }
        return 0;
}

/* Outers */

static int add_outer(struct pointers *p, size_t *capacity, uint64_t id)
{
        if (mem_grow(&p->outers, capacity, p->outer_count + 1, sizeof *p->outers))
                return -1;
        p->outers[p->outer_count++] = (struct pointer_outer){
                .id = id, .start = p->blocks[id].address, .end = block_end(&p->blocks[id]), .parent = ID_NONE
        };
        return 0;
}

/* A block is an outer when it is large or the next one starts inside it: with
 * proper nesting the first inner block follows its outer directly. */
static bool is_outer(const struct pointers *p, uint64_t id)
{
        const struct block *block = &p->blocks[id];

        return block->size >= OUTER_SIZE || (id + 1 < p->count && p->blocks[id + 1].address < block_end(block));
}

static int init_outers(struct pointers *p)
{
        size_t capacity = 0;
        uint64_t open = ID_NONE;

        for (uint64_t id = 0; id < p->count; id++) {
                if (!is_outer(p, id))
                        continue;
                if (add_outer(p, &capacity, id))
                        return -1;
                while (open != ID_NONE && p->outers[open].end <= p->blocks[id].address)
                        open = p->outers[open].parent;
                p->outers[p->outer_count - 1].parent = open;
                open = p->outer_count - 1;
        }
        return 0;
}

static void init_range(struct pointers *p)
{
        uint64_t end = 0;

        p->least = p->count ? p->blocks[0].address : 1;
        for (uint64_t id = 0; id < p->count; id++) {
                uint64_t last = block_end(&p->blocks[id]);

                if (p->blocks[id].address + 7 > last) /* tags of a tiny block */
                        last = p->blocks[id].address + 7;
                if (last > end)
                        end = last;
        }
        p->span = p->count ? end - p->least : 0;
}

int pointers_init(struct pointers *p, const struct block *blocks, uint64_t count, struct error *e)
{
        *p = (struct pointers){ .blocks = blocks, .count = count };
        if (count >= 1ull << 36)
                return error_set(e, ERROR_FAILED, "the process has more than %llu live blocks",
                                 (unsigned long long)(1ull << 36) - 1);
        init_range(p);
        if (init_chunks(p) || init_low(p) || init_outers(p)) {
                pointers_free(p);
                return error_no_memory(e, "indexing the blocks");
        }
        if (fill_granules(p)) {
                pointers_free(p);
                return error_set(e, ERROR_BAD_INPUT, "more than 65535 blocks start within 256 KiB");
        }
        return 0;
}

void pointers_free(struct pointers *p)
{
        mem_free(p->chunks);
        mem_free(p->granules);
        mem_free(p->low);
        mem_free(p->outers);
        *p = (struct pointers){ 0 };
}

/* Questions */

/* Index of the last outer whose id is at most `id`, or ID_NONE. */
static uint64_t outer_before(const struct pointers *p, uint64_t id)
{
        size_t low = 0, high = p->outer_count;

        while (low < high) {
                size_t middle = low + (high - low) / 2;

                if (p->outers[middle].id <= id)
                        low = middle + 1;
                else
                        high = middle;
        }
        return low ? low - 1 : ID_NONE;
}

size_t pointers_outer_from(const struct pointers *p, uint64_t id)
{
        uint64_t at = id ? outer_before(p, id - 1) : ID_NONE;

        return at == ID_NONE ? 0 : (size_t)at + 1;
}

uint64_t pointers_outer(const struct pointers *p, uint64_t id)
{
        uint64_t at = outer_before(p, id);

        return at != ID_NONE && p->outers[at].id == id ? at : ID_NONE;
}

/* Among the outers around the last block `id` that starts at or before the
 * address, fills what is still missing in `hit`. */
static void find_outer(const struct pointers *p, uint64_t id, uint64_t address, struct pointee *hit)
{
        for (uint64_t at = outer_before(p, id); at != ID_NONE; at = p->outers[at].parent) {
                const struct pointer_outer *outer = &p->outers[at];

                if (address < outer->end) {
                        hit->inside = outer->id;
                        hit->offset = address - outer->start;
                        return;
                }
                if (address == outer->end && hit->end == ID_NONE && p->blocks[outer->id].size)
                        hit->end = outer->id;
        }
}

static struct pointee find_after(const struct pointers *p, uint64_t id, uint64_t offset, uint64_t size,
                                 uint64_t address)
{
        struct pointee hit = { .inside = ID_NONE, .end = ID_NONE };

        if (offset < size || !offset) {
                hit.inside = id;
                hit.offset = offset;
                return hit;
        }
        if (offset == size)
                hit.end = id;
        if (p->outer_count)
                find_outer(p, id, address, &hit);
        return hit;
}

/* First index in low[from, to) that starts after `start` in the chunk. */
static uint64_t first_after(const uint32_t *low, uint64_t from, uint64_t to, uint32_t start)
{
        while (to - from > 8) {
                uint64_t middle = from + (to - from) / 2;

                if (low[middle] >> LOW_SIZE_BITS <= start)
                        from = middle + 1;
                else
                        to = middle;
        }
        while (from < to && low[from] >> LOW_SIZE_BITS <= start)
                from++;
        return from;
}

struct pointee pointers_find_in(const struct pointers *p, const struct pointer_chunk *chunk, uint64_t address)
{
        const uint16_t *granule = pointers_granule(p, chunk, address);
        uint64_t from = chunk->first + granule[0], to = chunk->first + granule[1];
        uint64_t id = first_after(p->low, from, to, address & CHUNK_MASK);
        uint64_t size;

        if (!id)
                return (struct pointee){ .inside = ID_NONE, .end = ID_NONE };
        if (id-- == chunk->first) /* the last block before the chunk */
                return find_after(p, id, address - p->blocks[id].address, p->blocks[id].size, address);
        size = p->low[id] & LOW_SIZE_UNKNOWN;
        if (size == LOW_SIZE_UNKNOWN)
                size = p->blocks[id].size;
        return find_after(p, id, (address & CHUNK_MASK) - (p->low[id] >> LOW_SIZE_BITS), size, address);
}

/* The last outer that starts at or before the address, or ID_NONE. */
static uint64_t outer_from(const struct pointers *p, uint64_t address)
{
        size_t low = 0, high = p->outer_count;

        while (low < high) {
                size_t middle = low + (high - low) / 2;

                if (p->outers[middle].start <= address)
                        low = middle + 1;
                else
                        high = middle;
        }
        return low ? low - 1 : ID_NONE;
}

/* Where no block touches the chunk, only outers can be around. */
static struct pointee find_far(const struct pointers *p, uint64_t address)
{
        struct pointee hit = { .inside = ID_NONE, .end = ID_NONE };
        uint64_t last = outer_from(p, address);

        if (last != ID_NONE)
                find_outer(p, p->outers[last].id, address, &hit);
        return hit;
}

/* An outer that ends in the chunk, if at its very first address, is not told for
 * all of it. */
uint64_t pointers_far(const struct pointers *p, uint64_t address)
{
        uint64_t first = address & ~(uint64_t)CHUNK_MASK, last = address | CHUNK_MASK;

        for (uint64_t at = outer_from(p, address); at != ID_NONE; at = p->outers[at].parent) {
                if (p->outers[at].end > last)
                        return at;
                if (p->outers[at].end >= first)
                        return FAR_MIXED;
        }
        return FAR_NONE;
}

struct pointee pointers_find(const struct pointers *p, uint64_t address)
{
        const struct pointer_chunk *chunk;

        if (!pointers_near(p, address))
                return (struct pointee){ .inside = ID_NONE, .end = ID_NONE };
        chunk = pointers_chunk(p, address);
        return chunk ? pointers_find_in(p, chunk, address) : find_far(p, address);
}

uint64_t pointers_exact(const struct pointers *p, uint64_t address)
{
        const struct pointer_chunk *chunk;
        const uint16_t *granule;
        uint64_t at;

        if (!pointers_near(p, address) || !(chunk = pointers_chunk(p, address)))
                return ID_NONE;
        granule = pointers_granule(p, chunk, address);
        at = first_after(p->low, chunk->first + granule[0], chunk->first + granule[1], address & CHUNK_MASK);
        if (at == chunk->first || p->low[at - 1] >> LOW_SIZE_BITS != (address & CHUNK_MASK))
                return ID_NONE;
        return at - 1;
}
