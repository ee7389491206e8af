#include "live.h"

#include "../mem.h"

#include <string.h>

enum {
        NEAR_STEPS = 8192,     /* 8 bytes each: where the start of a block is looked for by address */
        LIMBO_MIN = 16,        /* threads of the smallest limbo */
        LIMBO_PURGE = 1024,    /* from here on a limbo is cleared of what is old before it grows */
        UNKNOWN_BLOCK = 0x800, /* flag of a limbo entry: the address was not live */
};
static const uint64_t LIMBO_OLD_NS = UINT64_C(10000000000);

/* What the reallocs of one thread released last: [0] the latest.  Two, because
 * a signal handler may realloc in the middle of a realloc. */
struct live_moved {
        uint64_t thread_key; /* thread + 1; 0 = unused */
        uint64_t moved_ns;   /* when the latest was moved */
        struct live_entry moved[2];
};

static void count_release(struct live *live, const struct live_entry *entry, uint64_t by)
{
        if (live_entry_flags(entry) & UNKNOWN_BLOCK)
                live->totals.unknown_frees += by;
        else if (live_entry_flags(entry) & BLOCK_INHERITED)
                live->totals.inherited_frees += by;
        else
                live->totals.frees += by;
        live->totals.events += by;
}

bool live_insert(struct live *live, const struct live_entry *entry)
{
        struct live_entry old;
        struct live_cell *cell;

        if (live_table_take(&live->table, entry->address, &old)) {
                live_count_out(live, &old);
                live->totals.reused += !(live_entry_flags(&old) & BLOCK_INHERITED);
        }
        cell = live_table_put(&live->table, entry->address);
        if (!cell || !live_table_fill(&live->table, cell, entry)) {
                live->no_memory = true;
                return false;
        }
        live_count_in(live, entry);
        return true;
}

/* Takes the block out; an address that was not live gives an UNKNOWN_BLOCK. */
static struct live_entry take(struct live *live, uint64_t address)
{
        struct live_entry entry;

        if (!live_table_take(&live->table, address, &entry))
                return (struct live_entry){ .address = address, .thread_flags = live_pack(0, UNKNOWN_BLOCK) };
        live_count_out(live, &entry);
        return entry;
}

/* ---- realloc ------------------------------------------------------------- */

static struct live_moved *limbo_find(const struct live_limbo *limbo, uint32_t thread)
{
        size_t at = (thread * UINT32_C(0x9e3779b9) >> 7) & limbo->mask;

        while (limbo->list[at].thread_key && limbo->list[at].thread_key != thread + UINT64_C(1))
                at = (at + 1) & limbo->mask;
        return &limbo->list[at];
}

/* The limbo again in `size` entries, without what was moved before `since`. */
static int limbo_rebuild(struct live_limbo *limbo, size_t size, uint64_t since)
{
        struct live_limbo next = { .list = mem_alloc(size, sizeof *next.list), .mask = size - 1 };

        if (!next.list)
                return -1;
        for (size_t i = 0; limbo->list && i <= limbo->mask; i++) {
                const struct live_moved *old = &limbo->list[i];

                if (!old->thread_key || old->moved_ns < since)
                        continue;
                *limbo_find(&next, (uint32_t)(old->thread_key - 1)) = *old;
                next.used++;
        }
        mem_free(limbo->list);
        *limbo = next;
        return 0;
}

static bool limbo_room(struct live_limbo *limbo, uint64_t now_ns)
{
        size_t size = limbo->mask + 1;

        if (!limbo->list)
                return limbo_rebuild(limbo, LIMBO_MIN, 0) == 0;
        if (limbo->used * 2 < size)
                return true;
        if (size >= LIMBO_PURGE && now_ns > LIMBO_OLD_NS) {
                if (limbo_rebuild(limbo, size, now_ns - LIMBO_OLD_NS))
                        return false;
                if (limbo->used * 4 < size)
                        return true;
        }
        return limbo_rebuild(limbo, size * 2, 0) == 0;
}

void live_move(struct live *live, uint64_t address, uint32_t thread, uint64_t time_ns)
{
        struct live_limbo *limbo = &live->limbos[weir_ring_of(address)];
        struct live_entry entry = take(live, address);
        struct live_moved *mine;

        count_release(live, &entry, 1);
        if (!limbo_room(limbo, time_ns)) {
                live->no_memory = true;
                return;
        }
        mine = limbo_find(limbo, thread);
        if (!mine->thread_key) {
                mine->thread_key = thread + UINT64_C(1);
                limbo->used++;
        }
        mine->moved[1] = mine->moved[0];
        mine->moved[0] = entry;
        mine->moved_ns = time_ns;
}

static struct live_entry *moved(const struct live *live, uint64_t address, uint32_t thread)
{
        const struct live_limbo *limbo = &live->limbos[weir_ring_of(address)];
        struct live_moved *mine = limbo->list ? limbo_find(limbo, thread) : NULL;

        for (unsigned i = 0; address && mine && mine->thread_key && i < 2; i++)
                if (mine->moved[i].address == address)
                        return &mine->moved[i];
        return NULL;
}

const struct live_entry *live_moved(const struct live *live, uint64_t address, uint32_t thread)
{
        const struct live_entry *entry = moved(live, address, thread);

        return entry && !(live_entry_flags(entry) & UNKNOWN_BLOCK) ? entry : NULL;
}

void live_restore(struct live *live, uint64_t address, uint32_t thread)
{
        struct live_entry *entry = moved(live, address, thread);

        if (!entry) {
                if (!live_find(live, address, NULL)) /* else its MOVE was dropped and nothing is to be undone */
                        live->totals.restores_lost++;
                return;
        }
        count_release(live, entry, UINT64_MAX); /* takes back what live_move counted */
        if (!(live_entry_flags(entry) & UNKNOWN_BLOCK) && !live_insert(live, entry))
                live->totals.frees++; /* nobody will: keeps the sums true */
        entry->address = 0;
}

/* ---- annotations --------------------------------------------------------- */

static bool holds(const struct live_entry *entry, uint64_t address)
{
        return address - entry->address < (entry->size ? entry->size : 1);
}

/* The address of the block that holds an address inside it, or 0: most begin not far below. */
static uint64_t find_around(const struct live *live, uint64_t address)
{
        struct live_cursor cursor = { .table = &live->table };
        struct live_entry entry;

        for (uint64_t at = address & ~UINT64_C(7), steps = 0; steps < NEAR_STEPS && at; at -= 8, steps++)
                if (live_find(live, at, &entry))
                        return holds(&entry, address) ? at : 0;
        while (live_table_next(&cursor, &entry))
                if (holds(&entry, address))
                        return entry.address;
        return 0;
}

void live_ignore(struct live *live, uint64_t address)
{
        struct live_cell *found = live_table_find(&live->table, find_around(live, address));
        struct live_mapping *mapping;

        if (found) {
                found->key |= LIVE_IGNORED;
                return;
        }
        mapping = live_mappings_at(&live->mappings, live_mappings_find(&live->mappings, address));
        if (mapping && mapping->start <= address)
                mapping->ignored = true;
}

/* ---- reading ------------------------------------------------------------- */

bool live_find(const struct live *live, uint64_t address, struct live_entry *entry)
{
        const struct live_cell *cell = live_table_find(&live->table, address);

        if (cell && entry)
                *entry = live_cell_entry(&live->table, cell, address);
        return cell;
}

void live_each(const struct live *live, void (*visit)(void *context, const struct live_entry *entry), void *context)
{
        struct live_cursor cursor = { .table = &live->table };
        struct live_entry entry;

        while (live_table_next(&cursor, &entry))
                if (!(live_entry_flags(&entry) & BLOCK_INHERITED))
                        visit(context, &entry);
}

/* ---- fork ---------------------------------------------------------------- */

int live_inherit(struct live *child, const struct live *parent, unsigned ring)
{
        struct live_cursor cursor = { .table = &parent->table };
        struct live_entry entry;

        while (live_table_next_of(&cursor, ring, &entry)) {
                entry.stack = 0;
                entry.thread_flags |= (uint32_t)BLOCK_INHERITED << 20;
                if (!live_insert(child, &entry))
                        return -1;
        }
        return live_inherit_mappings(child, parent, ring);
}

void live_deinit(struct live *live)
{
        live_table_deinit(&live->table);
        for (unsigned ring = 0; ring < WEIR_RINGS; ring++)
                mem_free(live->limbos[ring].list);
        live_mappings_deinit(&live->mappings);
        *live = (struct live){ 0 };
}
