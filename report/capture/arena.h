/*
 * arena.h: where malloc keeps its own books inside a module's data.
 *
 * glibc's main arena names the free chunks next to live blocks: such words end
 * or begin where a block does without referring to it, so the arena is no
 * root.  The same goes for all data of other allocators' libraries.
 */
#ifndef WEIR_ARENA_H
#define WEIR_ARENA_H

#include "ranges.h"
#include "snapshot.h"

#include <stdbool.h>

/* True for the library of an allocator (jemalloc, tcmalloc, mimalloc, ...): its
 * data are books. */
bool arena_is_allocator(const char *path);

/* True for libc, in whose data the main arena is. */
bool arena_is_libc(const char *path);

/* True for the dynamic loader. */
bool arena_is_loader(const char *path);

/* The main arena in [start, end), libc's data: found by its bins, of which the
 * empty ones point at themselves, and by its list of arenas, which ends where
 * it began.  An empty range at `end` when there is none, as in a program that
 * brings its own malloc. */
struct range arena_find(const struct memory *memory, uint64_t start, uint64_t end);

#endif
