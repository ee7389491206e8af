#include "tally.h"

#include <stdlib.h>

static bool is_entry(const struct tally *tally, size_t at, uint64_t major, uint64_t minor)
{
        return at < tally->count && tally->entries[at].major == major && tally->entries[at].minor == minor;
}

/* The place of the entry, made when there is none; SIZE_MAX without memory. */
static size_t place_of(struct tally *tally, uint64_t major, uint64_t minor)
{
        for (uint64_t key = hash_mix(major, minor);; key++) {
                bool fresh;
                uint64_t *place = table_put(&tally->places, key, &fresh);

                if (!place)
                        return SIZE_MAX;
                if (!fresh && is_entry(tally, *place, major, minor))
                        return *place;
                if (!fresh)
                        continue; /* two pairs with one hash */
                if (mem_grow(&tally->entries, &tally->capacity, tally->count + 1, sizeof *tally->entries))
                        return SIZE_MAX;
                tally->entries[tally->count] = (struct tally_entry){ .major = major, .minor = minor };
                *place = tally->count++;
                return *place;
        }
}

int tally_add(struct tally *tally, uint64_t major, uint64_t minor, uint64_t amount)
{
        size_t at = is_entry(tally, tally->last, major, minor) ? tally->last : place_of(tally, major, minor);

        if (at == SIZE_MAX)
                return -1;
        tally->last = at;
        tally->entries[at].count++;
        tally->entries[at].sum += amount;
        return 0;
}

static int compare(const void *a, const void *b)
{
        const struct tally_entry *x = a, *y = b;

        if (x->major != y->major)
                return x->major < y->major ? -1 : 1;
        return x->minor < y->minor ? -1 : x->minor > y->minor;
}

void tally_sort(struct tally *tally)
{
        if (tally->count)
                qsort(tally->entries, tally->count, sizeof *tally->entries, compare);
        table_free(&tally->places);
}

size_t tally_find(const struct tally *tally, uint64_t major)
{
        size_t low = 0, high = tally->count;

        while (low < high) {
                size_t middle = low + (high - low) / 2;

                if (tally->entries[middle].major < major)
                        low = middle + 1;
                else
                        high = middle;
        }
        return low;
}

void tally_free(struct tally *tally)
{
        mem_free(tally->entries);
        table_free(&tally->places);
        *tally = (struct tally){ 0 };
}
