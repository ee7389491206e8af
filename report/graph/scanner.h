/*
 * scanner.h: finds the edges in the words of one source after the other:
 * roots, or a part of the blocks in ascending order.  Several scanners may work
 * at the same time, each on its part.
 */
#ifndef WEIR_GRAPH_SCANNER_H
#define WEIR_GRAPH_SCANNER_H

#include "edges.h"
#include "far.h"
#include "scan.h"
#include "window.h"

#include <pthread.h>

enum {
        BATCH = 64, /* candidates looked up together, so that what they need is fetched at once */
        RECENT_EDGES = 256,
        RECENT_INNER_BITS = 14,
};

/* A word that may point at a block. */
struct candidate {
        uint64_t address; /* that it holds, without high tags */
        const struct pointer_chunk *chunk;
        const struct pointer_outer *outer; /* without a chunk: what is around all of it; NULL = to be looked up */
        uint64_t source;
        uint64_t word; /* index in the source */
        unsigned flags;
};

/* What was added to a long row lately, so that what comes again need not be:
 * allocators that take memory from the system and parcel it out themselves make
 * few blocks with millions of words that point at few others. */
struct recent_edge {
        uint64_t source; /* + 1 */
        uint64_t edge;   /* in scan->edges */
};

struct recent_inner {
        uint64_t source; /* + 1 */
        uint64_t address; /* RECENT_END with it at the end of a block */
};

#define RECENT_END  (1ull << 63)
#define RECENT_DONE (1ull << 63) /* in `source`: one word more of it with this address would change nothing */

struct scanner {
        struct scan *scan; /* scan->rows, scan->first, scan->edges; for roots also scan->roots */
        const struct snapshot *snapshot;
        const struct pointers *pointers;
        pthread_mutex_t *next; /* held while snapshot.memory.next is asked; NULL: nobody else asks */
        struct window window;

        uint64_t edge_start, edge_count; /* in scan->edges; where this part's begin and end */
        size_t edge_capacity;            /* SIZE_MAX: there is room for all */
        struct inner_list inner;
        size_t inner_capacity; /* SIZE_MAX: there is room for all */
        size_t root_capacity;

        struct far far;
        struct candidate batch[BATCH];
        size_t batched;
        uint64_t source;         /* block id, or index of the root */
        const struct root *root; /* NULL while scanning blocks */
        uint64_t base, limit;    /* where the source's first aligned word is, and its end */
        uint64_t horizon;        /* how far it makes sense to read */
        uint64_t row, row_start; /* blocks: the open row, and where it begins */
        uint64_t head_end;       /* the rows before it are a head: see rows.h */
        struct edge_scratch scratch;
        struct recent_edge recent_edges[RECENT_EDGES];  /* by target */
        struct recent_inner recent_inner[1 << RECENT_INNER_BITS]; /* by address */
        bool failed;  /* out of memory */
        bool crowded; /* 64 blocks have more edges than rows.h can tell */
};

/* 0, or -1 without memory; scanner_deinit must follow in both cases. */
int scanner_init(struct scanner *s, struct scan *scan, const struct snapshot *snapshot,
                 const struct pointers *pointers);
void scanner_deinit(struct scanner *s);

/* The blocks first <= id < end; s->edge_start says where their edges go.  -1
 * when s->failed. */
int scanner_blocks(struct scanner *s, uint64_t first, uint64_t end);

/* Joins what was found to what the scanner before this found: must be called in
 * order, once all are done, with the same `first`. */
void scanner_join(struct scanner *s, uint64_t first);

/* All roots, into scan->roots; -1 as above. */
int scanner_roots(struct scanner *s);

#endif
