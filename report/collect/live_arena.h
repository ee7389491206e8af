/*
 * live_arena.h: memory for the full-sized segments of large tables, in chunks
 * that the kernel may back with huge pages: large tables are looked up at
 * random, and most of what that costs is the translation of addresses.
 */
#ifndef WEIR_LIVE_ARENA_H
#define WEIR_LIVE_ARENA_H

enum { LIVE_ARENA_PIECE = 32 << 10 };

struct live_chunk;

struct live_arena {
        struct live_chunk *open; /* the chunks that have pieces to give; the others are known by their pieces */
};

/* A zeroed piece of LIVE_ARENA_PIECE bytes on a page's border; NULL without
 * memory.  `*chunk` is where it goes back to. */
void *live_arena_take(struct live_arena *arena, struct live_chunk **chunk);

/* Gives a piece back; the last of a chunk releases it, unless it is the only
 * one that has pieces to give. */
void live_arena_give(struct live_arena *arena, struct live_chunk *chunk, void *piece);

/* Releases what is kept; every piece was given back.  All-zero memory is a
 * valid, empty arena. */
void live_arena_deinit(struct live_arena *arena);

#endif
