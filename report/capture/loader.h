/*
 * loader.h: what the dynamic loader keeps outside its own data: the list of
 * modules it made before malloc was there, reached as a debugger reaches it.
 */
#ifndef WEIR_LOADER_H
#define WEIR_LOADER_H

#include "image.h"

#include <sys/types.h>

/* Addresses in memory that the loader mapped for itself. */
struct loader {
        uint64_t *list;
        size_t count, capacity;
        bool sorted;
};

/* Follows r_debug from the program's dynamic section.  A program without one
 * gives an empty list.  0, or -1 with ERROR_NO_MEMORY. */
int loader_read(struct loader *loader, pid_t pid, const struct images *images, const struct memory *memory,
                struct error *e);
void loader_deinit(struct loader *loader);

/* Adds one more address (0 is ignored). */
int loader_add(struct loader *loader, uint64_t address, struct error *e);

/* True when one of the addresses is in [start, end). */
bool loader_within(struct loader *loader, uint64_t start, uint64_t end);

/* The first address in [start, end); `end` when none is. */
uint64_t loader_above(struct loader *loader, uint64_t start, uint64_t end);

/* At least as many bytes as glibc's description of a module has. */
enum { LOADER_DESCRIPTION = 2048 };

#endif
