/*
 * copy.h: what the analysis reads of a held process, copied by all processors,
 * so that the process need not stand still while it is analysed.
 */
#ifndef WEIR_COPY_H
#define WEIR_COPY_H

#include "ranges.h"
#include "snapshot.h"

struct copy {
        struct ranges pages;  /* under blocks, roots and read-only data of modules */
        uint64_t *offsets;    /* of each of them in `bytes` */
        struct ranges copied; /* of those, what the process ever wrote */
        struct ranges holes;  /* and what cannot be read */
        uint8_t *bytes;       /* reserved: only what was copied takes memory */
        size_t size;
};

/* The pages under blocks and roots, ascending.  0, or -1 without memory; end
 * with ranges_deinit in both cases. */
int copy_pages(struct ranges *pages, const struct snapshot *snapshot);

/* 0, or -1 without memory or when it would take more than `most` bytes; call
 * copy_deinit in both cases. */
int copy_take(struct copy *copy, const struct snapshot *snapshot, uint64_t most);
void copy_deinit(struct copy *copy); /* a zeroed one is allowed */

/* Reads the copy, which must outlive it; for any number of threads. */
struct memory copy_reader(struct copy *copy);

#endif
