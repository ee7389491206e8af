/*
 * lookup.h: finds numbered things by their hash: a lock-free set of numbers
 * that grows.
 *
 * An entry is 4 bytes:
 *
 *     bits  0..23  the number, 0 = empty
 *     bits 24..31  low bits of its hash; all ones in all 32: closed
 *
 * Exact: a candidate counts when `equal` says so, and two that insert equal
 * things meet, for they probe the same entries and an insertion is one
 * compare-and-swap of an empty one.
 *
 * At four fifths the set moves to another level, larger by a half once it is
 * not small: 5 to 7.5 bytes for each number.  The thread that wins the
 * right to make the next level goes through the old one from end to end: it
 * closes what is empty, and puts every number into the next level.  Whoever
 * meets an empty or closed entry in a level that has a next one goes on there
 * (and closes what it finds empty before it does).  An entry is therefore
 * either taken in the old level, where every search meets it first, or closed,
 * and then all its inserters meet in the next one.  A thread stopped in the
 * midst of it holds up nobody.
 *
 * Both levels are in the order of the hashes, so old pages are given back
 * while new ones fill: all in all, growing needs no more memory than the larger
 * of them, and LOOKUP_PART.  Given back is what lies before an entry that was
 * empty, `moved`: no search that must still find something in the old level
 * passes there.  What a thread that was stopped since puts there counts for
 * nobody, and that thread goes on in the next level, too.
 *
 * Private memory, wiped by the kernel in a fork child, like the struct itself
 * must be: its numbers are its own.
 */
#ifndef WEIR_LOOKUP_H
#define WEIR_LOOKUP_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
        LOOKUP_NUMBERS = (1 << 24) - 1,
        LOOKUP_HASH_BITS = 27,    /* of a hash */
        LOOKUP_TAG_BITS = 8,      /* of these, kept in the entry */
        LOOKUP_LEAST = 1024,      /* entries, one page */
        LOOKUP_SMALL = 16 * 1024, /* entries; up to here a level is twice the one before */
        LOOKUP_LEVELS = 40,
        LOOKUP_PART = 128 * 1024, /* bytes that are populated, or given back, at once */
};

#define LOOKUP_CLOSED UINT32_MAX

struct lookup_level {
        _Atomic(_Atomic uint32_t *) entries; /* NULL: not there yet */
        uint32_t size;                       /* of them; 0: there cannot be this level */
        uint32_t limit;                      /* numbers given out at which it is time for the next one */
        _Atomic uint32_t moved;              /* entries before it are all in the next level */
};

/* Puts the hashes of things that are in the set in the place of their numbers;
 * the low LOOKUP_TAG_BITS are not looked at. */
typedef void lookup_hasher(const void *owner, uint32_t *numbers, uint32_t count);

struct lookup {
        _Atomic(struct lookup_level *) level; /* the first one that is not all moved */
        const _Atomic uint32_t *count;        /* numbers given out so far, plus 1 */
        lookup_hasher *hasher;
        const void *owner;
        struct lookup_level levels[LOOKUP_LEVELS];
};

/* Whether the thing `number` is the wanted one. */
typedef bool lookup_equal(const void *wanted, uint32_t number);

/* Makes an empty set of a zeroed or used one.  False when there is no memory. */
bool lookup_init(struct lookup *l, const _Atomic uint32_t *count, lookup_hasher *hasher, const void *owner);

/* Grows when it is time.  False when it is not possible and the set is too
 * full for one more. */
bool lookup_reserve(struct lookup *l);

/* Where a search ended that found nothing: an equal thing that is inserted since
 * is there or behind it.  Without a level nothing is known. */
struct lookup_place {
        struct lookup_level *level;
        uint32_t at;
};

/* Puts in a complete thing that lookup_find did not find before, which left
 * `place`: its number, or that of an equal one that was quicker.  After
 * lookup_reserve. */
uint32_t lookup_insert(struct lookup *l, struct lookup_place place, uint32_t hash, uint32_t number, lookup_equal *equal,
                       const void *wanted);

static inline uint32_t lookup_entry(uint32_t hash, uint32_t number)
{
        return hash << (32 - LOOKUP_TAG_BITS) | number;
}

/* Where the search for a hash begins. */
static inline uint32_t lookup_begin(uint32_t size, uint32_t hash)
{
        return (uint32_t)((uint64_t)hash * size >> LOOKUP_HASH_BITS);
}

/* The next level, NULL when there is none yet. */
static inline struct lookup_level *lookup_next(const struct lookup_level *level)
{
        struct lookup_level *after = (struct lookup_level *)level + 1;

        return atomic_load_explicit(&after->entries, memory_order_acquire) ? after : NULL;
}

/* Whether what was found in an entry counts; otherwise the next level knows. */
static inline bool lookup_counts(const struct lookup_level *level, uint32_t at)
{
        return at >= atomic_load_explicit(&level->moved, memory_order_acquire);
}

/* A search for the hash begins soon: memory may be far away. */
static inline void lookup_ahead(const struct lookup *l, uint32_t hash)
{
        const struct lookup_level *level = atomic_load_explicit(&l->level, memory_order_relaxed);

        if (level)
                __builtin_prefetch((const uint32_t *)atomic_load_explicit(&level->entries, memory_order_relaxed) +
                                   lookup_begin(level->size, hash));
}

/* The number of the thing that is equal, or 0.  The place is only known where no
 * level moves: what is met in an old one must be closed before the next one is
 * used. */
static inline __attribute__((always_inline)) uint32_t
lookup_find(const struct lookup *l, uint32_t hash, lookup_equal *equal, const void *wanted, struct lookup_place *place)
{
        struct lookup_level *first = atomic_load_explicit(&l->level, memory_order_acquire), *level = first, *after;

        *place = (struct lookup_place){ 0 };
        for (; level; level = after) {
                const _Atomic uint32_t *entries = atomic_load_explicit(&level->entries, memory_order_acquire);
                uint32_t size = level->size, at = lookup_begin(size, hash), entry;

                if (!entries)
                        return 0; /* wiped just now */
                while ((entry = atomic_load_explicit(&entries[at], memory_order_acquire)) != 0 &&
                       entry != LOOKUP_CLOSED) {
                        if ((uint8_t)(entry >> 24) == (uint8_t)hash && equal(wanted, entry & LOOKUP_NUMBERS)) {
                                if (lookup_counts(level, at))
                                        return entry & LOOKUP_NUMBERS;
                                break;
                        }
                        if (++at == size)
                                at = 0;
                }
                after = lookup_next(level);
                if (!after && level == first)
                        *place = (struct lookup_place){ level, at };
        }
        return 0;
}

#endif
