/*
 * image.h: the modules of a process as they lie in its memory: where their
 * writable data are, and what every file-mapped range belongs to.
 *
 * Read from the ELF headers in the process's own memory, which it may have
 * scribbled over: whatever the mappings do not confirm is not believed.
 */
#ifndef WEIR_IMAGE_H
#define WEIR_IMAGE_H

#include "maps.h"
#include "snapshot.h"

struct image {
        const char *path;    /* in the maps' text */
        uint64_t start, end; /* from its first to its last loaded byte */
        uint64_t bias;       /* run-time address minus ELF virtual address */
        uint64_t dynamic;    /* run-time address of its dynamic section, 0 = none */
        size_t first_map;
};

/* Writable data of a module as linked, .bss and what is read-only after
 * relocation included. */
struct image_data {
        uint64_t start, end;
        size_t image;
};

struct images {
        struct image *list;  /* ascending */
        size_t count;
        struct image_data *data; /* ascending, no two overlap */
        size_t data_count;
};

/* Finds the modules among `maps`, which must outlive the images.  0, or -1
 * with ERROR_NO_MEMORY. */
int images_read(struct images *images, const struct maps *maps, const struct memory *memory, struct error *e);
void images_deinit(struct images *images);

/* The module that `address` belongs to, or NULL. */
const struct image *images_find(const struct images *images, uint64_t address);

/* Every file-mapped range of a module and its .bss, ascending, for a snapshot;
 * mem_free releases the array, the paths stay in the maps' text. */
int images_segments(const struct images *images, const struct maps *maps, struct segment **segments, size_t *count,
                    struct error *e);

#endif
