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
 * At two thirds the set moves to another level, twice as large: the
 * thread that wins the right to do so closes every empty entry, and then puts
 * every number into the next level, by hashes that are worked out anew.
 * Whoever meets a closed entry goes on in the next level.  An entry is
 * therefore either taken in the old level, where every search meets it first,
 * or closed, and then all its inserters meet in the next one.  A thread
 * stopped in the midst of it holds up nobody.  When all has moved, the old
 * level's pages are given back; what a thread that was stopped since puts there
 * is put into the next level, too.
 *
 * Private memory, wiped by the kernel in a fork child: its numbers are its own.
 */
#ifndef WEIR_LOOKUP_H
#define WEIR_LOOKUP_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { LOOKUP_NUMBERS = (1 << 24) - 1, LOOKUP_LEAST = 1008 };

#define LOOKUP_CLOSED UINT32_MAX

struct lookup_level {
        _Atomic(struct lookup_level *) next; /* set once moving has begun */
        uint32_t size;                       /* entries */
        _Atomic uint32_t used;
        uint32_t pad[12];
        _Atomic uint32_t entries[];
};

/* Writes the hashes of the things 1..count-1, all complete but those that no
 * search can meet yet, to hashes[]. */
typedef void lookup_hasher(const void *owner, uint32_t *hashes, uint32_t count);

struct lookup {
        _Atomic(struct lookup_level *) level;
        const _Atomic uint32_t *count; /* numbers given out so far, plus 1 */
        lookup_hasher *hasher;
        const void *owner;
};

/* Whether the thing `number` is the wanted one. */
typedef bool lookup_equal(const void *wanted, uint32_t number);

/* False when there is no memory. */
bool lookup_init(struct lookup *l, const _Atomic uint32_t *count, lookup_hasher *hasher, const void *owner);

/* Grows when it is time.  False when it is not possible and the set is too
 * full for one more. */
bool lookup_reserve(struct lookup *l);

/* Puts in a complete thing: its number, or that of an equal one that was there
 * before.  After lookup_reserve. */
uint32_t lookup_insert(struct lookup *l, uint32_t hash, uint32_t number, lookup_equal *equal, const void *wanted);

static inline uint32_t lookup_entry(uint32_t hash, uint32_t number)
{
        return hash << 24 | number;
}

static inline uint32_t lookup_begin(const struct lookup_level *level, uint32_t hash)
{
        return (uint32_t)((uint64_t)hash * level->size >> 32);
}

/* The number of the thing that is equal, or 0. */
static inline __attribute__((always_inline)) uint32_t lookup_find(const struct lookup *l, uint32_t hash,
                                                                  lookup_equal *equal, const void *wanted)
{
        const struct lookup_level *level = atomic_load_explicit(&l->level, memory_order_acquire);

        while (level) {
                uint32_t at = lookup_begin(level, hash), entry;

                while ((entry = atomic_load_explicit(&level->entries[at], memory_order_acquire)) != LOOKUP_CLOSED) {
                        if (entry == 0)
                                return 0;
                        if ((uint8_t)(entry >> 24) == (uint8_t)hash && equal(wanted, entry & LOOKUP_NUMBERS))
                                return entry & LOOKUP_NUMBERS;
                        if (++at == level->size)
                                at = 0;
                }
                level = atomic_load_explicit(&level->next, memory_order_acquire);
        }
        return 0;
}

#endif
