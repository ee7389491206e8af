/*
 * nodes.h: the stack table: from a path of frames to the one node that
 * stands for it.
 *
 * The nodes themselves are in the channel, where the collector reads them; the
 * index that finds them is private memory:
 *
 *     entry   bits  0..31  node, 0 = empty; all ones = closed
 *             bits 32..63  hash of the path from the outermost frame in
 *
 * A path is looked up by its innermost frame first, one probe, and proven by
 * following the parents; only what is new is inserted, outermost first, so a
 * node is never without its parent.
 *
 * Lock-free and exact: equal paths have equal nodes.  An insertion is one
 * compare-and-swap of an empty entry, and two that insert the same path probe
 * the same entries.  The index doubles when half full: the thread that wins
 * the right copies every entry to the next index, and closes every empty one
 * on the way; whoever meets a closed entry goes on in the next index.  An
 * entry is therefore either taken in the old index, where every later search
 * meets it first, or closed, and then all its inserters meet in the next one.
 * A thread stopped in the midst of the copy holds up nobody.
 *
 * A node made for a path that another thread inserted first stays unnamed.
 */
#ifndef WEIR_NODES_H
#define WEIR_NODES_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "channel.h"
#include "trail.h"

enum { NODES_INDEX_LEAST = 1024 };

struct nodes_index {
        _Atomic(struct nodes_index *) next; /* set once growing has begun */
        uint32_t shift;                     /* 32 - log2 of the entries */
        uint32_t mask;
        _Atomic uint32_t used;
        uint32_t pad[11];
        _Atomic uint64_t entries[];
};

struct nodes {
        struct weir_node *table;
        uint32_t capacity;
        _Atomic uint32_t *next; /* control.next_node */
        _Atomic(struct nodes_index *) index;
};

/* Where a new path joins a known one: a node and the hash of its path, both 0
 * for the outside of the outermost frame. */
struct nodes_place {
        uint32_t node, hash;
};

/* Tells the module id of an address, for nodes to be made. */
typedef uint16_t nodes_module(void *context, uintptr_t address);

struct nodes_request {
        struct trail_frame *frames; /* innermost first; node and hash are filled in, but [0] gets the leaf's */
        uint32_t count;             /* at least 1 */
        struct nodes_place outside;
        enum weir_function function; /* detail of the leaf */
        nodes_module *module;
        void *context;
        bool by_module; /* addresses may have changed their module: compare ids too */
};

/* Begins a table of `capacity` nodes that is empty but for node 0. */
bool nodes_init(struct nodes *nodes, struct weir_node *table, uint32_t capacity, _Atomic uint32_t *next);

/* The node of the whole path, 0 when the table is full. */
uint32_t nodes_intern(struct nodes *nodes, const struct nodes_request *request);

#endif
