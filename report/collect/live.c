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

/* Takes the block out; an address that was not live gives an UNKNOWN_BLOCK. */
static struct live_entry take(struct live *live, uint64_t address)
{
        struct live_entry entry;

        if (!live_table_take(&live->tables[weir_ring_of(address)], address, &entry))
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
                if (!live_find(live, address)) /* else its MOVE was dropped and nothing is to be undone */
                        live->totals.restores_lost++;
                return;
        }
        count_release(live, entry, UINT64_MAX); /* takes back what live_move counted */
        if (!(live_entry_flags(entry) & UNKNOWN_BLOCK))
                live_insert(live, entry);
        entry->address = 0;
}

/* ---- annotations --------------------------------------------------------- */

static bool holds(const struct live_entry *entry, uint64_t address)
{
        return address - entry->address < (entry->size ? entry->size : 1);
}

/* The block that holds an address inside it: most begin not far below. */
static struct live_entry *find_around(struct live *live, uint64_t address)
{
        for (uint64_t at = address & ~UINT64_C(7), steps = 0; steps < NEAR_STEPS && at; at -= 8, steps++) {
                struct live_entry *entry = live_table_find(&live->tables[weir_ring_of(at)], at);

                if (entry)
                        return holds(entry, address) ? entry : NULL;
        }
        for (unsigned ring = 0; ring < WEIR_RINGS; ring++) {
                struct live_cursor cursor = { .table = &live->tables[ring] };
                struct live_entry *entry;

                while ((entry = live_table_next(&cursor)))
                        if (holds(entry, address))
                                return entry;
        }
        return NULL;
}

void live_ignore(struct live *live, uint64_t address)
{
        struct live_entry *found = find_around(live, address);
        struct live_mapping *mapping;

        if (found) {
                found->thread_flags |= (uint32_t)BLOCK_IGNORED << 20;
                return;
        }
        mapping = live_mappings_at(&live->mappings, live_mappings_find(&live->mappings, address));
        if (mapping && mapping->start <= address)
                mapping->ignored = true;
}

/* ---- reading ------------------------------------------------------------- */

const struct live_entry *live_find(const struct live *live, uint64_t address)
{
        return live_table_find(&live->tables[weir_ring_of(address)], address);
}

void live_each(const struct live *live, void (*visit)(void *context, const struct live_entry *entry), void *context)
{
        for (unsigned ring = 0; ring < WEIR_RINGS; ring++) {
                struct live_cursor cursor = { .table = &live->tables[ring] };
                const struct live_entry *entry;

                while ((entry = live_table_next(&cursor)))
                        if (!(live_entry_flags(entry) & BLOCK_INHERITED))
                                visit(context, entry);
        }
}

/* ---- fork ---------------------------------------------------------------- */

static int inherit_table(struct live *child, const struct live_table *from, struct live_table *to)
{
        struct live_cursor cursor = { .table = to };
        struct live_entry *entry;

        if (!from->used)
                return 0;
        live_table_deinit(to);
        if (live_table_copy(to, from))
                return -1;
        while ((entry = live_table_next(&cursor))) {
                entry->stack = 0;
                entry->thread_flags |= (uint32_t)BLOCK_INHERITED << 20;
                live_count_in(child, entry);
        }
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
                live_table_deinit(&live->tables[ring]);
                mem_free(live->limbos[ring].list);
        }
        live_mappings_deinit(&live->mappings);
        *live = (struct live){ 0 };
}
