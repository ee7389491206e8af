#include "lookup.h"

#include <sys/mman.h>

#include "alone.h"
#include "frame.h"
#include "raw.h"

#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23
#endif

enum {
        PAGE = 4096,
        ENTRIES_OF_PAGE = PAGE / sizeof(uint32_t),
        MOVED_AT_ONCE = 128, /* entries; so that things are read side by side for their hashes */
};
_Static_assert(ENTRIES_OF_PAGE % MOVED_AT_ONCE == 0, "a level is a multiple");

/* ---- levels ------------------------------------------------------------ */

static size_t level_bytes(const struct lookup_level *level)
{
        return level->size * sizeof(uint32_t);
}

static uint32_t limit_of(uint32_t size)
{
        return size - size / 5;
}

/* Of the level after one of `size` entries: full pages; 0 when there is no
 * number that would need it. */
static uint32_t next_size(uint32_t size)
{
        if (limit_of(size) >= LOOKUP_NUMBERS)
                return 0;
        if (size < LOOKUP_SMALL)
                return 2 * size;
        return (size + size / 2 + ENTRIES_OF_PAGE - 1) / ENTRIES_OF_PAGE * ENTRIES_OF_PAGE;
}

/* Makes the level's entries; `others`: another thread was quicker.  False when
 * there is no memory. */
static bool create(struct lookup_level *level, bool *others)
{
        _Atomic uint32_t *entries, *none = NULL;

        if (level->size == 0)
                return false;
        entries = raw_mmap(NULL, level_bytes(level), PROT_READ | PROT_WRITE,
                           MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        if (!entries)
                return false;
        (void)raw_madvise(entries, level_bytes(level), MADV_WIPEONFORK);
        *others = !atomic_compare_exchange_strong(&level->entries, &none, entries);
        if (*others)
                raw_munmap(entries, level_bytes(level));
        return true;
}

bool lookup_init(struct lookup *l, const _Atomic uint32_t *count, lookup_hasher *hasher, const void *owner)
{
        uint32_t size = LOOKUP_LEAST;
        bool others;

        for (unsigned i = 0; i + 1 < LOOKUP_LEVELS; i++) {
                atomic_init(&l->levels[i].entries, NULL);
                atomic_init(&l->levels[i].moved, 0);
                l->levels[i].size = size;
                l->levels[i].limit = limit_of(size);
                size = size ? next_size(size) : 0;
        }
        l->count = count;
        l->hasher = hasher;
        l->owner = owner;
        if (!create(&l->levels[0], &others))
                return false;
        atomic_store_explicit(&l->level, &l->levels[0], memory_order_release);
        return true;
}

/* ---- inserting --------------------------------------------------------- */

/* Takes an empty entry; false when it was lost to another thread or closed,
 * and *found is what is there then.  In a level that moves, or has moved, what
 * is empty counts as closed, and becomes it where that has not moved yet. */
static inline bool take(struct lookup_level *level, _Atomic uint32_t *entries, uint32_t at, uint32_t entry,
                        uint32_t *found)
{
        bool moving = lookup_next(level) != NULL;

        if ((!moving || lookup_counts(level, at)) &&
            !alone_swap(alone_now(), &entries[at], found, moving ? LOOKUP_CLOSED : entry))
                return false;
        if (!moving && !lookup_next(level))
                return true;
        *found = LOOKUP_CLOSED;
        return false;
}

/* Into one level, from the entry `at` on; 0 when it must be the next one. */
static inline __attribute__((always_inline)) uint32_t
insert_here(struct lookup_level *level, uint32_t at, uint32_t entry, lookup_equal *equal, const void *wanted)
{
        _Atomic uint32_t *entries = atomic_load_explicit(&level->entries, memory_order_acquire);
        uint32_t size = level->size;

        if (!entries)
                return 0; /* wiped just now */
        for (;;) {
                uint32_t found = atomic_load_explicit(&entries[at], memory_order_acquire);

                if (found == 0 && take(level, entries, at, entry, &found))
                        return entry & LOOKUP_NUMBERS;
                if (found == LOOKUP_CLOSED)
                        return 0;
                if (found == entry || (equal && found >> 24 == entry >> 24 && equal(wanted, found & LOOKUP_NUMBERS)))
                        return lookup_counts(level, at) ? found & LOOKUP_NUMBERS : 0;
                if (++at == size)
                        at = 0;
        }
}

static inline __attribute__((always_inline)) uint32_t
insert_from(struct lookup_level *level, uint32_t hash, uint32_t number, lookup_equal *equal, const void *wanted)
{
        uint32_t there = 0;

        for (; level && !there; level = lookup_next(level))
                there = insert_here(level, lookup_begin(level->size, hash), lookup_entry(hash, number), equal, wanted);
        return there;
}

uint32_t lookup_insert(struct lookup *l, struct lookup_place place, uint32_t hash, uint32_t number, lookup_equal *equal,
                       const void *wanted)
{
        struct lookup_level *level = atomic_load_explicit(&l->level, memory_order_acquire);
        uint32_t there;

        if (!level || level != place.level)
                return insert_from(level, hash, number, equal, wanted);
        there = insert_here(level, place.at, lookup_entry(hash, number), equal, wanted);
        return there ? there : insert_from(lookup_next(level), hash, number, equal, wanted);
}

/* ---- growing ----------------------------------------------------------- */

/* A move of all entries of a level to the next one, and how far it has come.
 * In the child of a signal handler that forks in the midst of it, all but this
 * is wiped. */
struct move {
        lookup_hasher *hasher;
        const void *owner;
        struct lookup_level *old, *next;
        _Atomic uint32_t *entries; /* of the old level */
        uint32_t size;
        size_t given_back; /* bytes of the old level */
        size_t populated;  /* of the next one */
};

/* The pages that the next entries go to come at once, not with two faults
 * each: where the kernel knows how. */
static void populate(struct move *m, uint32_t old_entries)
{
        size_t bytes = level_bytes(m->next), upto = (size_t)((uint64_t)old_entries * bytes / m->size);
        char *entries = (char *)atomic_load_explicit(&m->next->entries, memory_order_relaxed);

        while (m->populated < upto && m->populated < bytes) {
                size_t left = bytes - m->populated, part = left < LOOKUP_PART ? left : LOOKUP_PART;

                (void)raw_madvise(entries + m->populated, part, MADV_POPULATE_WRITE);
                m->populated += part;
        }
}

/* Gives back the pages of the entries before `end`, where a search ends.  The
 * addresses stay, for threads that still look there: they read as empty. */
static void give_back(struct move *m, uint32_t end)
{
        size_t upto = end * sizeof *m->entries & ~(size_t)(PAGE - 1);

        atomic_store_explicit(&m->old->moved, end, memory_order_release);
        (void)raw_madvise((char *)m->entries + m->given_back, upto - m->given_back, MADV_DONTNEED);
        m->given_back = upto;
}

/* What the entry holds when nothing is put there any more. */
static uint32_t closed(_Atomic uint32_t *entry)
{
        uint32_t found = atomic_load_explicit(entry, memory_order_acquire);

        if (found == 0 && alone_swap(alone_now(), entry, &found, LOOKUP_CLOSED))
                return LOOKUP_CLOSED;
        return found;
}

/* Moves the entries [from, end); behind the last closed one, or 0. */
static uint32_t move_some(struct move *m, uint32_t from, uint32_t end)
{
        const uint32_t tag = (1u << LOOKUP_TAG_BITS) - 1;
        uint32_t moving[MOVED_AT_ONCE], hashes[MOVED_AT_ONCE], count = 0, behind = 0;

        for (uint32_t i = from; i < end; i++) {
                uint32_t entry = closed(&m->entries[i]);

                if (entry == LOOKUP_CLOSED) {
                        behind = i + 1;
                        continue;
                }
                moving[count] = entry;
                hashes[count++] = entry & LOOKUP_NUMBERS;
        }
        m->hasher(m->owner, hashes, count);
        for (uint32_t i = 0; i < count; i++)
                (void)insert_from(m->next, (hashes[i] & ~tag) | moving[i] >> 24, moving[i] & LOOKUP_NUMBERS, NULL,
                                  NULL);
        return behind;
}

static void move_all(const struct lookup *l, struct lookup_level *old)
{
        struct move m = {
                .hasher = l->hasher,
                .owner = l->owner,
                .old = old,
                .next = old + 1,
                .entries = old->entries,
                .size = old->size,
        };

        for (uint32_t i = 0, behind; i < m.size; i += MOVED_AT_ONCE) {
                populate(&m, i + ENTRIES_OF_PAGE);
                behind = move_some(&m, i, i + MOVED_AT_ONCE);
                if (behind * sizeof *m.entries >= m.given_back + LOOKUP_PART)
                        give_back(&m, behind);
        }
        give_back(&m, m.size);
}

/* Searches begin behind what is all moved. */
static void advance(struct lookup *l)
{
        struct lookup_level *level = atomic_load(&l->level), *next;

        while (level && level->moved == level->size && (next = lookup_next(level)) != NULL)
                if (atomic_compare_exchange_strong(&l->level, &level, next))
                        level = next;
}

bool lookup_reserve(struct lookup *l)
{
        struct lookup_level *level = atomic_load_explicit(&l->level, memory_order_acquire), *next;
        uint32_t count = atomic_load_explicit(l->count, memory_order_relaxed);
        bool others;

        if (!level)
                return false;
        while ((next = lookup_next(level)) != NULL)
                level = next;
        if (likely(count < level->limit))
                return true;
        if (!create(level + 1, &others))
                return count < level->size - level->size / 16;
        if (!others) {
                move_all(l, level);
                advance(l);
        }
        return true;
}
