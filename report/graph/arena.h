/*
 * arena.h: memory that is released all at once.
 */
#ifndef WEIR_GRAPH_ARENA_H
#define WEIR_GRAPH_ARENA_H

#include <stddef.h>

struct group_arena; /* a list of chunks; NULL = empty */

/* `count` zeroed objects of `size` bytes; a valid pointer when count is 0;
 * NULL without memory. */
void *arena_alloc(struct group_arena **arena, size_t count, size_t size);
void arena_free(struct group_arena **arena);

#endif
