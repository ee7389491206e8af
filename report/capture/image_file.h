/*
 * image_file.h: the memory in a capture file, unpacked when it is asked for, by
 * as many threads as ask.  Sections that were asked for last are kept, 64 MiB
 * of those that weir writes.
 */
#ifndef WEIR_IMAGE_FILE_H
#define WEIR_IMAGE_FILE_H

#include "../bytes.h"
#include "../error.h"
#include "snapshot.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Where a capture file's bytes come from. */
struct file_source {
        const char *name; /* for errors */
        int fd;           /* -1: from memory */
        const uint8_t *data;
        uint64_t size;
        bool damaged;     /* something that was read later than at the opening */
        struct error error;
};

/* Exactly `size` bytes from byte `at` on; false when it does not have them or
 * cannot be read.  On any thread. */
bool file_source_read(const struct file_source *source, uint64_t at, void *buffer, size_t size);

struct image_file;

/* NULL without memory.  `source` must outlive it. */
struct image_file *image_file_create(struct file_source *source);
void image_file_destroy(struct image_file *image);

/* One section: its frame of `packed` bytes is at `at` of the source and unpacks
 * to `raw` bytes; `runs` reads the table of runs before it.  Leaves the cursor
 * bad where that makes no sense; -1 without memory. */
int image_file_add(struct image_file *image, struct bytes *runs, uint64_t at, uint32_t packed, uint32_t raw);

/* Once all sections were added. */
struct memory image_file_memory(struct image_file *image);

#endif
