/*
 * nearby.h: reads single words of a process's memory that are mostly close to
 * each other: a system call for each would cost more than all else.
 */
#ifndef WEIR_GRAPH_NEARBY_H
#define WEIR_GRAPH_NEARBY_H

#include "../capture/snapshot.h"

#include <string.h>

enum { NEARBY = 8192 }; /* bytes read at a time */

struct nearby {
        const struct memory *memory;
        uint64_t start, size; /* what `bytes` holds */
        uint8_t bytes[NEARBY];
};

/* `count` words, at most NEARBY / 8; false when not all can be read. */
static inline bool nearby_words(struct nearby *n, uint64_t address, uint64_t *words, size_t count)
{
        uint64_t size = count * sizeof *words;

        if (address < n->start || address - n->start > n->size || n->size - (address - n->start) < size) {
                n->start = address;
                n->size = n->memory->read(n->memory->context, address, n->bytes, sizeof n->bytes);
        }
        if (n->size - (address - n->start) < size)
                return false;
        memcpy(words, n->bytes + (address - n->start), size);
        return true;
}

#endif
