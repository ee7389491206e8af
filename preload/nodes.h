/*
 * nodes.h: the stack table: from a path of frames to the one node that
 * stands for it.
 *
 * The nodes and the frames they name are in the channel, where the collector
 * reads them; the two lookups that find them are private memory.  All in all a
 * node takes 13 to 15.5 bytes, also while the lookups grow, and a frame, of
 * which there are far fewer, 21 to 23.5.
 *
 * A path is looked up by its innermost frame first, one probe, and proven by
 * following the parents; then without that frame, and so on, until all that is
 * left is known.  What is new is inserted where these searches ended, outermost
 * first, so a node is never without its parent.  Equal paths have equal nodes,
 * and equal frames are one frame, whatever the threads do (lookup.h).  A node or
 * frame made for what another thread inserted first stays unnamed.
 */
#ifndef WEIR_NODES_H
#define WEIR_NODES_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "channel.h"
#include "lookup.h"
#include "trail.h"

struct nodes {
        struct weir_node *table;
        struct weir_frame *frames;
        uint32_t capacity, frame_capacity;
        _Atomic uint32_t *next, *next_frame; /* in the control page */
        struct lookup paths, sites;
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

/* Begins tables that are empty but for entry 0; all but the lookups is set. */
bool nodes_init(struct nodes *nodes);

/* The node of the whole path, 0 when a table is full. */
uint32_t nodes_intern(struct nodes *nodes, const struct nodes_request *request);

#endif
