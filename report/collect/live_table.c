#include "live_table.h"

#include "../mem.h"

#include <string.h>

enum {
        REGION_BITS_MIN = 2, /* of the smallest array of a region */
        REGION_BITS_MORE = 4,
        SLOT_BITS_MIN = 4, /* of the smallest list of chunks */
        SPARSE = 8,        /* an array with fewer than one block in so many places shrinks */
};

/* ---- regions ------------------------------------------------------------- */

struct live_cell *live_region_find(const struct live_region *region, uint64_t address)
{
        unsigned mask = (1u << region->bits) - 1, at = live_region_home(region, address);

        for (unsigned steps = 0; steps <= mask && region->cells[at].key; steps++, at = (at + 1) & mask)
                if (live_cell_is_at(&region->cells[at], address))
                        return &region->cells[at];
        return NULL;
}

/* Its own place or the first unused one after it, of a region that is not full. */
static struct live_cell *region_place(struct live_region *region, uint64_t address)
{
        unsigned mask = (1u << region->bits) - 1, at = live_region_home(region, address);

        region->strays += region->cells[at].key != 0;
        while (region->cells[at].key)
                at = (at + 1) & mask;
        region->used++;
        return &region->cells[at];
}

/* The region's blocks in an array of 2^bits, where they fit. */
static bool region_resize(struct live_table *table, struct live_region *region, unsigned bits)
{
        struct live_region old = *region;
        struct live_cell *cells = live_cells_take(&table->cells, bits);

        if (!cells)
                return false;
        *region = (struct live_region){ .cells = cells, .bits = (uint8_t)bits };
        if (!old.cells)
                return true;
        for (unsigned i = 0; i < 1u << old.bits; i++)
                if (old.cells[i].key)
                        *region_place(region, old.cells[i].key) = old.cells[i];
        live_cells_give(&table->cells, old.cells, old.bits);
        return true;
}

/* A region without blocks begins as small as can be, unless the one before it holds many. */
static unsigned first_bits(const struct live_chunk *chunk, const struct live_region *region)
{
        return region > chunk->regions && region[-1].bits > REGION_BITS_MIN ? REGION_BITS_MORE : REGION_BITS_MIN;
}

/* Room for one more block. */
static bool region_room(struct live_table *table, const struct live_chunk *chunk, struct live_region *region)
{
        if (!region->cells)
                return region_resize(table, region, first_bits(chunk, region));
        if (region->used < 1u << region->bits)
                return true;
        return region_resize(table, region, region->bits < REGION_BITS_MORE ? REGION_BITS_MORE : region->bits + 1u);
}

/* Empties a place: what follows moves up where it may. */
static void region_close(struct live_region *region, unsigned gap)
{
        unsigned mask = (1u << region->bits) - 1;
        struct live_cell *cells = region->cells;

        region->strays -= live_region_home(region, cells[gap].key) != gap;
        for (unsigned at = (gap + 1) & mask, steps = 0; region->strays && cells[at].key && steps < mask;
             at = (at + 1) & mask, steps++) {
                unsigned home = live_region_home(region, cells[at].key);

                if (((at - home) & mask) < ((at - gap) & mask))
                        continue;
                region->strays -= home == gap;
                cells[gap] = cells[at];
                gap = at;
        }
        cells[gap] = (struct live_cell){ 0 };
        region->used--;
}

/* ---- chunks --------------------------------------------------------------- */

static size_t slot_count(const struct live_table *table)
{
        return table->slots ? (size_t)1 << table->bits : 0;
}

static void slot_put(struct live_table *table, struct live_chunk *chunk)
{
        size_t mask = ((size_t)1 << table->bits) - 1, at = live_table_home(chunk->number) & mask;

        while (table->slots[at].chunk)
                at = (at + 1) & mask;
        table->slots[at] = (struct live_slot){ chunk->number, chunk };
}

static bool slots_resize(struct live_table *table, unsigned bits)
{
        struct live_slot *old = table->slots;
        size_t count = slot_count(table);
        struct live_slot *slots = mem_alloc((size_t)1 << bits, sizeof *slots);

        if (!slots)
                return false;
        table->slots = slots;
        table->bits = bits;
        for (size_t i = 0; i < count; i++)
                if (old[i].chunk)
                        slot_put(table, old[i].chunk);
        mem_free(old);
        return true;
}

static struct live_chunk *chunk_create(struct live_table *table, uint64_t number)
{
        size_t count = slot_count(table);
        struct live_chunk *chunk;

        if (2 * table->chunk_count >= count && !slots_resize(table, count ? table->bits + 1 : SLOT_BITS_MIN) &&
            table->chunk_count + 1 >= count)
                return NULL;
        chunk = mem_alloc(1, sizeof *chunk);
        if (!chunk)
                return NULL;
        chunk->number = number;
        slot_put(table, chunk);
        table->chunk_count++;
        return chunk;
}

static void chunk_destroy(struct live_table *table, struct live_chunk *chunk)
{
        size_t mask = ((size_t)1 << table->bits) - 1, gap = live_table_home(chunk->number) & mask;
        struct live_slot *slots = table->slots;

        while (slots[gap].chunk != chunk)
                gap = (gap + 1) & mask;
        for (size_t at = (gap + 1) & mask; slots[at].chunk; at = (at + 1) & mask) {
                if (((at - live_table_home(slots[at].number)) & mask) < ((at - gap) & mask))
                        continue;
                slots[gap] = slots[at];
                gap = at;
        }
        slots[gap] = (struct live_slot){ 0 };
        mem_free(chunk);
        table->chunk_count--;
        if (table->bits > SLOT_BITS_MIN && table->chunk_count < mask / 16)
                (void)slots_resize(table, table->bits - 2); /* stays as it is without memory */
}

/* The region has lost a block. */
static void region_lost(struct live_table *table, uint64_t address)
{
        struct live_chunk *chunk = live_table_chunk(table, address);
        struct live_region *region = live_chunk_region(chunk, address);

        table->used--;
        if (region->used) {
                if (region->bits > REGION_BITS_MIN && region->used < (1u << region->bits) / SPARSE)
                        (void)region_resize(table, region,
                                            region->bits - 2u > REGION_BITS_MIN ? region->bits - 2u : REGION_BITS_MIN);
                return;
        }
        live_cells_give(&table->cells, region->cells, region->bits);
        *region = (struct live_region){ 0 };
        if (--chunk->used == 0)
                chunk_destroy(table, chunk);
}

/* ---- blocks ---------------------------------------------------------------- */

struct live_cell *live_table_put_slow(struct live_table *table, uint64_t address)
{
        struct live_chunk *chunk = live_table_chunk(table, address);
        struct live_region *region;
        struct live_cell *cell;
        bool first;

        if (!chunk)
                chunk = chunk_create(table, address >> LIVE_CHUNK_BITS);
        if (!chunk)
                return NULL;
        region = live_chunk_region(chunk, address);
        first = !region->cells;
        cell = first ? NULL : live_region_find(region, address);
        if (cell)
                return cell;
        if (!region_room(table, chunk, region)) {
                if (!chunk->used)
                        chunk_destroy(table, chunk);
                return NULL;
        }
        chunk->used += first;
        table->used++;
        return region_place(region, address);
}

bool live_table_take_slow(struct live_table *table, uint64_t address, struct live_entry *taken)
{
        struct live_region *region = live_table_region(table, address);
        struct live_cell *cell = live_region_find(region, address);

        if (!cell)
                return false;
        *taken = live_cell_entry(table, cell, address);
        if (cell->key & LIVE_GREAT) {
                uint64_t index = cell->body & LIVE_SIZE_MASK;

                table->great.sizes[index] = table->great.vacant;
                table->great.vacant = index + 1;
        }
        region_close(region, (unsigned)(cell - region->cells));
        region_lost(table, address);
        return true;
}

/* A place for a size that does not fit; as many as an index says, more are not kept. */
static bool great_index(struct live_great *great, uint64_t *index)
{
        if (great->vacant) {
                *index = great->vacant - 1;
                great->vacant = great->sizes[*index];
                return true;
        }
        if (great->used > LIVE_SIZE_MASK ||
            mem_grow(&great->sizes, &great->capacity, great->used + 1, sizeof *great->sizes))
                return false;
        *index = great->used++;
        return true;
}

bool live_table_fill_great(struct live_table *table, struct live_cell *cell, const struct live_entry *entry)
{
        struct live_region *region = live_table_region(table, entry->address);
        uint64_t index;

        if (!great_index(&table->great, &index)) {
                region_close(region, (unsigned)(cell - region->cells));
                region_lost(table, entry->address);
                return false;
        }
        table->great.sizes[index] = entry->size;
        cell->key |= LIVE_GREAT;
        cell->body = index | (cell->body & ~(uint64_t)LIVE_SIZE_MASK);
        return true;
}

/* ---- all of it ------------------------------------------------------------ */

static uint64_t address_of(const struct live_cursor *cursor, const struct live_chunk *chunk,
                           const struct live_cell *cell)
{
        return chunk->number << LIVE_CHUNK_BITS | (uint64_t)cursor->region << LIVE_REGION_BITS |
               (cell->key & (LIVE_REGION - 1));
}

/* The next block of the chunk where the cursor is; false when there is no other. */
static bool chunk_next(struct live_cursor *cursor, struct live_entry *entry)
{
        const struct live_chunk *chunk = cursor->table->slots[cursor->slot].chunk;

        for (; chunk && cursor->region < LIVE_REGIONS; cursor->region++, cursor->cell = 0) {
                const struct live_region *region = &chunk->regions[cursor->region];

                while (region->cells && cursor->cell < 1u << region->bits) {
                        const struct live_cell *cell = &region->cells[cursor->cell++];

                        if (!cell->key)
                                continue;
                        *entry = live_cell_entry(cursor->table, cell, address_of(cursor, chunk, cell));
                        return true;
                }
        }
        return false;
}

bool live_table_next(struct live_cursor *cursor, struct live_entry *entry)
{
        for (; cursor->slot < slot_count(cursor->table); cursor->slot++, cursor->region = 0)
                if (chunk_next(cursor, entry))
                        return true;
        return false;
}

bool live_table_next_of(struct live_cursor *cursor, unsigned ring, struct live_entry *entry)
{
        for (; cursor->slot < slot_count(cursor->table); cursor->slot++, cursor->region = 0)
                if (weir_ring_of(cursor->table->slots[cursor->slot].number << LIVE_CHUNK_BITS) == ring &&
                    chunk_next(cursor, entry))
                        return true;
        return false;
}

void live_table_deinit(struct live_table *table)
{
        for (size_t i = 0; i < slot_count(table); i++)
                mem_free(table->slots[i].chunk);
        mem_free(table->slots);
        live_cells_deinit(&table->cells);
        mem_free(table->great.sizes);
        *table = (struct live_table){ 0 };
}
