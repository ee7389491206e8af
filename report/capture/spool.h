/*
 * spool.h: sections of a capture file that wait in memory while a process
 * stands still, so that it need not wait for their compression and for the
 * disk.  Private to the capture file.
 */
#ifndef WEIR_SPOOL_H
#define WEIR_SPOOL_H

#include "pack.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct spooled {
        struct spooled *next;
        uint32_t kind, process;
        struct pack prefix; /* borrowed from behind the struct */
        size_t size;        /* of the content */
        uint8_t *raw;
};

struct spool {
        struct spooled *first, *last;
        size_t bytes, most; /* waiting; no more than this may */
        bool open;          /* sections are taken */
};

/* From now on takes sections, as many bytes as a quarter of the memory that is
 * free. */
void spool_open(struct spool *spool);

/* Takes a copy; false when it is not open, is full, or without memory. */
bool spool_add(struct spool *spool, uint32_t kind, uint32_t process, const struct pack *prefix, const void *raw,
               size_t size);

/* The section that waits longest, for the caller to release with mem_free; or NULL. */
struct spooled *spool_take(struct spool *spool);

void spool_deinit(struct spool *spool);

#endif
