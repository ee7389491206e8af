/*
 * vtable.h: which words are addresses of C++ vtables, by the Itanium ABI:
 * in a module's read-only data; the two words before are the offset to the top
 * of the object and the type's information (0 without RTTI); among the first
 * that follow is the address of a virtual function.
 */
#ifndef WEIR_GRAPH_VTABLE_H
#define WEIR_GRAPH_VTABLE_H

#include "../capture/snapshot.h"
#include "table.h"

struct vtables {
        const struct snapshot *snapshot;
        struct table known; /* address -> what vtable_top said, encoded */
};

/* If a vtable is at `address`, true and the offset to the top (0 for the
 * primary one, negative for a second base's).  Reads memory; remembers. */
bool vtable_top(struct vtables *v, uint64_t address, int64_t *top);

/* Asks about all words that may be objects' first: what is known then is known
 * when memory can no longer be read. */
void vtables_ask(struct vtables *v, const uint64_t *first, uint64_t count);

/* `first` when an object that starts with it has its (primary) vtable there,
 * else 0. */
uint64_t vtable_of(struct vtables *v, uint64_t first);

/* The same address, told by module and place in it: equal in every run. */
uint64_t vtable_identity(const struct snapshot *snapshot, uint64_t vtable);

void vtables_free(struct vtables *v);

#endif
