#include "live.h"

#include "../mem.h"

#include <string.h>
#include <sys/mman.h>

enum {
        TABLE_MIN = 256, /* entries of the smallest table */
        CACHE_LINE = 64,
        HUGE_PAGE = 1 << 21,
        NEAR_STEPS = 8192,     /* 8 bytes each: where the start of a block is looked for by address */
        LIMBO_MIN = 16,        /* threads of the smallest limbo */
        LIMBO_PURGE = 1024,    /* from here on a limbo is cleared of what is old before it grows */
        UNKNOWN_BLOCK = 0x800, /* flag of a limbo entry: the address was not live */
};
static const uint64_t LIMBO_OLD_NS = UINT64_C(10000000000);

/* What the reallocs of one thread released last: [0] the latest.  Two, because
 * a signal handler may realloc in the middle of a realloc. */
struct live_limbo {
        uint64_t thread_key; /* thread + 1; 0 = unused */
        uint64_t moved_ns;   /* when the latest was moved */
        struct live_entry moved[2];
};

static uint32_t pack(uint32_t thread, uint32_t flags)
{
        return (thread & 0xfffff) | flags << 20;
}

/* ---- the table ----------------------------------------------------------- */

static struct live_table *table_of(struct live *live, uint64_t address)
{
        return &live->tables[weir_ring_of(address)];
}

static size_t table_find(const struct live_table *table, uint64_t address)
{
        size_t at = live_hash(address) & table->mask;

        while (table->entries[at].address && table->entries[at].address != address)
                at = (at + 1) & table->mask;
        return at;
}

/* Gives the table `size` zeroed entries, each within one cache line.  A large
 * table is looked up at random: huge pages, where there are any, save most of
 * what that costs. */
static bool table_memory(struct live_table *table, size_t size)
{
        size_t bytes = size * sizeof *table->entries, border = bytes < HUGE_PAGE ? CACHE_LINE : HUGE_PAGE;

        table->memory = mem_alloc(bytes + border, 1);
        if (!table->memory)
                return false;
        table->entries = (struct live_entry *)(((uintptr_t)table->memory + border - 1) & ~(uintptr_t)(border - 1));
        table->mask = size - 1;
        if (border == HUGE_PAGE)
                (void)madvise(table->entries, bytes, MADV_HUGEPAGE);
        return true;
}

static int table_resize(struct live_table *table, size_t size)
{
        struct live_table bigger = *table;

        if (!table_memory(&bigger, size))
                return -1;
        for (size_t i = 0; table->entries && i <= table->mask; i++)
                if (table->entries[i].address)
                        bigger.entries[table_find(&bigger, table->entries[i].address)] = table->entries[i];
        mem_free(table->memory);
        *table = bigger;
        return 0;
}

/* Room for one more.  A table is at most two thirds full; without memory it
 * may fill up to its last free entry. */
static bool table_room(struct live_table *table)
{
        size_t size = table->mask + 1;

        if (!table->entries)
                return table_resize(table, TABLE_MIN) == 0;
        if (table->used * 3 < size * 2 || table_resize(table, size * 2) == 0)
                return true;
        return table->used + 2 < size;
}

/* Takes the entry out and closes the gap: every entry after it that could
 * have been placed at the gap or before moves up. */
static void table_remove(struct live_table *table, size_t gap)
{
        size_t at = gap, mask = table->mask;

        for (;;) {
                size_t home;

                at = (at + 1) & mask;
                if (!table->entries[at].address)
                        break;
                home = live_hash(table->entries[at].address) & mask;
                if (((at - home) & mask) < ((at - gap) & mask))
                        continue;
                table->entries[gap] = table->entries[at];
                gap = at;
        }
        table->entries[gap].address = 0;
        table->used--;
        if (mask >= 16 * TABLE_MIN && table->used < (mask + 1) / 16)
                (void)table_resize(table, (mask + 1) / 4); /* stays as it is without memory */
}

/* ---- totals -------------------------------------------------------------- */

static void count_in(struct live *live, const struct live_entry *entry)
{
        struct live_totals *totals = &live->totals;

        if (live_entry_flags(entry) & BLOCK_INHERITED) {
                totals->inherited_blocks++;
                totals->inherited_bytes += entry->size;
                return;
        }
        totals->live_blocks++;
        totals->live_bytes += entry->size;
        if (totals->live_bytes > totals->peak_bytes)
                totals->peak_bytes = totals->live_bytes;
}

static void count_out(struct live *live, const struct live_entry *entry)
{
        struct live_totals *totals = &live->totals;

        if (live_entry_flags(entry) & BLOCK_INHERITED) {
                totals->inherited_blocks--;
                totals->inherited_bytes -= entry->size;
                return;
        }
        totals->live_blocks--;
        totals->live_bytes -= entry->size;
}

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

/* ---- events -------------------------------------------------------------- */

static void insert(struct live *live, const struct live_entry *entry)
{
        struct live_table *table = table_of(live, entry->address);
        size_t at;

        if (!table_room(table)) {
                live->no_memory = true;
                live->totals.frees++; /* nobody will: keeps the sums true */
                return;
        }
        at = table_find(table, entry->address);
        if (table->entries[at].address) {
                count_out(live, &table->entries[at]);
                if (!(live_entry_flags(&table->entries[at]) & BLOCK_INHERITED))
                        live->totals.reused++;
        } else {
                table->used++;
        }
        table->entries[at] = *entry;
        count_in(live, entry);
}

/* Takes the block out; an address that was not live gives an UNKNOWN_BLOCK. */
static struct live_entry take(struct live *live, uint64_t address)
{
        struct live_table *table = table_of(live, address);
        struct live_entry entry = { .address = address, .thread_flags = pack(0, UNKNOWN_BLOCK) };
        size_t at = table->entries ? table_find(table, address) : 0;

        if (!table->entries || !table->entries[at].address)
                return entry;
        entry = table->entries[at];
        count_out(live, &entry);
        table_remove(table, at);
        return entry;
}

void live_alloc(struct live *live, uint64_t address, uint64_t size, uint32_t stack, uint32_t thread, uint32_t flags,
                uint64_t time_ns)
{
        const struct live_entry entry = {
                .address = address,
                .size = size,
                .time_ns = time_ns,
                .stack = stack,
                .thread_flags = pack(thread, flags),
        };

        live->totals.events++;
        live->totals.allocations++;
        live->totals.allocated_bytes += size;
        if (address)
                insert(live, &entry);
        else
                live->totals.frees++; /* nothing that could be kept or released */
}

void live_free(struct live *live, uint64_t address)
{
        struct live_entry entry = take(live, address);

        count_release(live, &entry, 1);
}

/* ---- realloc ------------------------------------------------------------- */

static struct live_limbo *limbo_find(const struct live_table *table, uint32_t thread)
{
        size_t at = (thread * UINT32_C(0x9e3779b9) >> 7) & table->limbo_mask;

        while (table->limbo[at].thread_key && table->limbo[at].thread_key != thread + UINT64_C(1))
                at = (at + 1) & table->limbo_mask;
        return &table->limbo[at];
}

/* The limbo again in `size` entries, without what was moved before `since`. */
static int limbo_rebuild(struct live_table *table, size_t size, uint64_t since)
{
        struct live_table next = *table;

        next.limbo = mem_alloc(size, sizeof *next.limbo);
        if (!next.limbo)
                return -1;
        next.limbo_mask = size - 1;
        next.limbo_used = 0;
        for (size_t i = 0; table->limbo && i <= table->limbo_mask; i++) {
                const struct live_limbo *old = &table->limbo[i];

                if (!old->thread_key || old->moved_ns < since)
                        continue;
                *limbo_find(&next, (uint32_t)(old->thread_key - 1)) = *old;
                next.limbo_used++;
        }
        mem_free(table->limbo);
        *table = next;
        return 0;
}

static bool limbo_room(struct live_table *table, uint64_t now_ns)
{
        size_t size = table->limbo_mask + 1;

        if (!table->limbo)
                return limbo_rebuild(table, LIMBO_MIN, 0) == 0;
        if (table->limbo_used * 2 < size)
                return true;
        if (size >= LIMBO_PURGE && now_ns > LIMBO_OLD_NS) {
                if (limbo_rebuild(table, size, now_ns - LIMBO_OLD_NS))
                        return false;
                if (table->limbo_used * 4 < size)
                        return true;
        }
        return limbo_rebuild(table, size * 2, 0) == 0;
}

void live_move(struct live *live, uint64_t address, uint32_t thread, uint64_t time_ns)
{
        struct live_table *table = table_of(live, address);
        struct live_entry entry = take(live, address);
        struct live_limbo *limbo;

        count_release(live, &entry, 1);
        if (!limbo_room(table, time_ns)) {
                live->no_memory = true;
                return;
        }
        limbo = limbo_find(table, thread);
        if (!limbo->thread_key) {
                limbo->thread_key = thread + UINT64_C(1);
                table->limbo_used++;
        }
        limbo->moved[1] = limbo->moved[0];
        limbo->moved[0] = entry;
        limbo->moved_ns = time_ns;
}

static struct live_entry *moved(const struct live *live, uint64_t address, uint32_t thread)
{
        const struct live_table *table = &live->tables[weir_ring_of(address)];
        struct live_limbo *limbo = table->limbo ? limbo_find(table, thread) : NULL;

        for (unsigned i = 0; address && limbo && limbo->thread_key && i < 2; i++)
                if (limbo->moved[i].address == address)
                        return &limbo->moved[i];
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
                if (!live_find(live, address)) /* else its MOVE was dropped and nothing is to be undone */
                        live->totals.restores_lost++;
                return;
        }
        count_release(live, entry, UINT64_MAX); /* takes back what live_move counted */
        if (!(live_entry_flags(entry) & UNKNOWN_BLOCK))
                insert(live, entry);
        entry->address = 0;
}

/* ---- annotations --------------------------------------------------------- */

static bool holds(const struct live_entry *entry, uint64_t address)
{
        return entry->address && address - entry->address < (entry->size ? entry->size : 1);
}

/* The block that holds an address inside it: most begin not far below. */
static const struct live_entry *find_around(const struct live *live, uint64_t address)
{
        for (uint64_t at = address & ~UINT64_C(7), steps = 0; steps < NEAR_STEPS && at; at -= 8, steps++) {
                const struct live_entry *entry = live_find(live, at);

                if (entry)
                        return holds(entry, address) ? entry : NULL;
        }
        for (unsigned ring = 0; ring < WEIR_RINGS; ring++)
                for (size_t i = 0; live->tables[ring].entries && i <= live->tables[ring].mask; i++)
                        if (holds(&live->tables[ring].entries[i], address))
                                return &live->tables[ring].entries[i];
        return NULL;
}

void live_ignore(struct live *live, uint64_t address)
{
        const struct live_entry *found = find_around(live, address);

        if (found) {
                struct live_table *table = table_of(live, found->address);

                table->entries[found - table->entries].thread_flags |= (uint32_t)BLOCK_IGNORED << 20;
                return;
        }
        for (size_t i = 0; i < live->mapping_count; i++)
                if (address >= live->mappings[i].start && address < live->mappings[i].end)
                        live->mappings[i].ignored = true;
}

/* ---- reading ------------------------------------------------------------- */

const struct live_entry *live_find(const struct live *live, uint64_t address)
{
        const struct live_table *table = &live->tables[weir_ring_of(address)];
        size_t at;

        if (!table->entries || !address)
                return NULL;
        at = table_find(table, address);
        return table->entries[at].address ? &table->entries[at] : NULL;
}

void live_each(const struct live *live, void (*visit)(void *context, const struct live_entry *entry), void *context)
{
        for (unsigned ring = 0; ring < WEIR_RINGS; ring++) {
                const struct live_table *table = &live->tables[ring];

                for (size_t i = 0; table->entries && i <= table->mask; i++)
                        if (table->entries[i].address && !(live_entry_flags(&table->entries[i]) & BLOCK_INHERITED))
                                visit(context, &table->entries[i]);
        }
}

/* ---- fork ---------------------------------------------------------------- */

static void inherit_entry(struct live *child, struct live_entry *entry)
{
        entry->stack = 0;
        entry->thread_flags |= (uint32_t)BLOCK_INHERITED << 20;
        count_in(child, entry);
}

static int inherit_table(struct live *child, const struct live_table *from, struct live_table *to)
{
        if (!from->used)
                return 0;
        mem_free(to->memory);
        *to = (struct live_table){ 0 };
        if (!table_memory(to, from->mask + 1))
                return -1;
        memcpy(to->entries, from->entries, (from->mask + 1) * sizeof *to->entries);
        to->used = from->used;
        for (size_t i = 0; i <= to->mask; i++)
                if (to->entries[i].address)
                        inherit_entry(child, &to->entries[i]);
        return 0;
}

int live_inherit(struct live *child, const struct live *parent, unsigned ring)
{
        if (inherit_table(child, &parent->tables[ring], &child->tables[ring])) {
                child->no_memory = true;
                return -1;
        }
        return live_inherit_mappings(child, parent, ring);
}

void live_deinit(struct live *live)
{
        for (unsigned ring = 0; ring < WEIR_RINGS; ring++) {
                mem_free(live->tables[ring].memory);
                mem_free(live->tables[ring].limbo);
        }
        mem_free(live->mappings);
        *live = (struct live){ 0 };
}
