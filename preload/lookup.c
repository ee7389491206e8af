#include "lookup.h"

#include <sys/mman.h>

#include "frame.h"
#include "raw.h"

/* ---- levels ------------------------------------------------------------ */

enum { PAGE = 4096 };

static size_t level_bytes(uint32_t entries)
{
        return (sizeof(struct lookup_level) + entries * sizeof(uint32_t) + PAGE - 1) & ~(size_t)(PAGE - 1);
}

/* Twice as many, and pages that are full again. */
static uint32_t next_size(uint32_t entries)
{
        return 2 * entries + (uint32_t)(sizeof(struct lookup_level) / sizeof(uint32_t));
}

/* All of it is about to be written, from one end to the other or in no order at
 * all: its pages come at once, not with two faults each. */
static void *map(size_t bytes)
{
        return raw_mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_POPULATE,
                        -1, 0);
}

/* `used`: how many are about to be put in. */
static struct lookup_level *create(uint32_t entries, uint32_t used)
{
        struct lookup_level *level = map(level_bytes(entries));

        if (level) {
                (void)raw_madvise(level, level_bytes(entries), MADV_WIPEONFORK);
                level->size = entries;
                atomic_init(&level->used, used);
        }
        return level;
}

bool lookup_init(struct lookup *l, const _Atomic uint32_t *count, lookup_hasher *hasher, const void *owner)
{
        struct lookup_level *level = create(LOOKUP_LEAST, 0);

        if (!level)
                return false;
        l->count = count;
        l->hasher = hasher;
        l->owner = owner;
        atomic_store_explicit(&l->level, level, memory_order_release);
        return true;
}

/* ---- inserting --------------------------------------------------------- */

/* Takes an empty entry; false when it was lost to another thread or closed,
 * and *found is what is there then.  An old level whose pages were given back
 * looks empty to a thread that was stopped since: so what is taken while a
 * next level exists counts as closed. */
static bool take(struct lookup_level *level, uint32_t at, uint32_t entry, uint32_t *found)
{
        bool moving = atomic_load_explicit(&level->next, memory_order_acquire) != NULL;

        if (!atomic_compare_exchange_strong_explicit(&level->entries[at], found, moving ? LOOKUP_CLOSED : entry,
                                                     memory_order_acq_rel, memory_order_acquire))
                return false;
        if (!moving && !atomic_load_explicit(&level->next, memory_order_acquire))
                return true;
        *found = LOOKUP_CLOSED;
        return false;
}

/* `counted`: the level where it ends up counts it already. */
static inline __attribute__((always_inline)) uint32_t insert_from(struct lookup_level *level, uint32_t hash,
                                                                  uint32_t number, lookup_equal *equal,
                                                                  const void *wanted, bool counted)
{
        uint32_t at = lookup_begin(level, hash), entry = lookup_entry(hash, number);

        while (level) {
                uint32_t found = atomic_load_explicit(&level->entries[at], memory_order_acquire);

                if (found == 0 && take(level, at, entry, &found)) {
                        if (!counted)
                                atomic_fetch_add_explicit(&level->used, 1, memory_order_relaxed);
                        return number;
                }
                if (found == LOOKUP_CLOSED) {
                        level = atomic_load_explicit(&level->next, memory_order_acquire);
                        at = level ? lookup_begin(level, hash) : 0;
                        continue;
                }
                if (found == entry || (equal && found >> 24 == entry >> 24 && equal(wanted, found & LOOKUP_NUMBERS)))
                        return found & LOOKUP_NUMBERS;
                if (++at == level->size)
                        at = 0;
        }
        return 0;
}

uint32_t lookup_insert(struct lookup *l, uint32_t hash, uint32_t number, lookup_equal *equal, const void *wanted)
{
        return insert_from(atomic_load_explicit(&l->level, memory_order_acquire), hash, number, equal, wanted, false);
}

/* ---- growing ----------------------------------------------------------- */

/* No entry is put into the level any more. */
static void close_empty(struct lookup_level *level)
{
        for (uint32_t i = 0; i < level->size; i++) {
                uint32_t empty = 0;

                atomic_compare_exchange_strong_explicit(&level->entries[i], &empty, LOOKUP_CLOSED, memory_order_acq_rel,
                                                        memory_order_acquire);
        }
}

/* The level keeps its address, and its first page, for threads that still look
 * into it. */
static void give_back(struct lookup_level *level)
{
        if (level_bytes(level->size) > PAGE)
                (void)raw_madvise((char *)level + PAGE, level_bytes(level->size) - PAGE, MADV_DONTNEED);
}

/* Moves all of a level to the next, which this thread made.  Without memory
 * for the hashes both stay in use, the old one first. */
static void move(struct lookup *l, struct lookup_level *old)
{
        struct lookup_level *next = atomic_load_explicit(&old->next, memory_order_acquire), *expected = old;
        uint32_t count, *hashes;

        close_empty(old);
        count = atomic_load_explicit(l->count, memory_order_acquire);
        hashes = map(count * sizeof *hashes);
        if (!hashes)
                return;
        l->hasher(l->owner, hashes, count);
        for (uint32_t i = 0; i < old->size; i++) {
                uint32_t entry = atomic_load_explicit(&old->entries[i], memory_order_acquire);

                if (entry != LOOKUP_CLOSED)
                        insert_from(next, hashes[entry & LOOKUP_NUMBERS], entry & LOOKUP_NUMBERS, NULL, NULL, true);
        }
        raw_munmap(hashes, count * sizeof *hashes);
        if (atomic_compare_exchange_strong(&l->level, &expected, next))
                give_back(old);
}

bool lookup_reserve(struct lookup *l)
{
        struct lookup_level *level = atomic_load_explicit(&l->level, memory_order_acquire), *next, *none = NULL;
        uint32_t used, size;

        while ((next = atomic_load_explicit(&level->next, memory_order_acquire)) != NULL)
                level = next;
        used = atomic_load_explicit(&level->used, memory_order_relaxed);
        if (likely(used < level->size - level->size / 3))
                return true;
        size = next_size(level->size);
        next = create(size, used);
        if (!next)
                return used < level->size - level->size / 16;
        if (atomic_compare_exchange_strong(&level->next, &none, next))
                move(l, level);
        else
                raw_munmap(next, level_bytes(size));
        return true;
}
