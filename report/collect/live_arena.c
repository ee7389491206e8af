#include "live_arena.h"

#include "../mem.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>

enum {
        HUGE_PAGE = 2 << 20,
        PIECES = HUGE_PAGE / LIVE_ARENA_PIECE,
};

/* One huge page. */
struct live_chunk {
        struct live_chunk *next, *previous; /* among the open ones */
        void *memory;                       /* as it was allocated */
        char *pieces;                       /* on a huge page's border */
        uint64_t vacant;                    /* bit i: piece i is not taken */
        uint64_t fresh;                     /* bit i: piece i never was, and is zero */
};
_Static_assert(PIECES == 64, "one bit for each piece");

static void close_chunk(struct live_arena *arena, struct live_chunk *chunk)
{
        if (chunk->previous)
                chunk->previous->next = chunk->next;
        else
                arena->open = chunk->next;
        if (chunk->next)
                chunk->next->previous = chunk->previous;
}

static void open_chunk(struct live_arena *arena, struct live_chunk *chunk)
{
        chunk->next = arena->open;
        chunk->previous = NULL;
        if (chunk->next)
                chunk->next->previous = chunk;
        arena->open = chunk;
}

static void destroy_chunk(struct live_chunk *chunk)
{
        mem_free(chunk->memory);
        mem_free(chunk);
}

static struct live_chunk *create_chunk(void)
{
        struct live_chunk *chunk = mem_alloc(1, sizeof *chunk);

        if (!chunk)
                return NULL;
        chunk->memory = mem_alloc(2 * HUGE_PAGE, 1);
        if (!chunk->memory) {
                mem_free(chunk);
                return NULL;
        }
        chunk->pieces = (char *)(((uintptr_t)chunk->memory + HUGE_PAGE - 1) & ~(uintptr_t)(HUGE_PAGE - 1));
        (void)madvise(chunk->pieces, HUGE_PAGE, MADV_HUGEPAGE); /* advice only */
        chunk->vacant = chunk->fresh = UINT64_MAX;
        return chunk;
}

void *live_arena_take(struct live_arena *arena, struct live_chunk **chunk)
{
        struct live_chunk *from = arena->open;
        uint64_t bit;
        char *piece;

        if (!from) {
                from = create_chunk();
                if (!from)
                        return NULL;
                open_chunk(arena, from);
        }
        bit = from->vacant & -from->vacant;
        piece = from->pieces + (size_t)__builtin_ctzll(bit) * LIVE_ARENA_PIECE;
        if (!(from->fresh & bit))
                memset(piece, 0, LIVE_ARENA_PIECE);
        from->vacant &= ~bit;
        from->fresh &= ~bit;
        if (!from->vacant)
                close_chunk(arena, from);
        *chunk = from;
        return piece;
}

void live_arena_give(struct live_arena *arena, struct live_chunk *chunk, void *piece)
{
        if (!chunk->vacant)
                open_chunk(arena, chunk);
        chunk->vacant |= UINT64_C(1) << ((size_t)((char *)piece - chunk->pieces) / LIVE_ARENA_PIECE);
        if (chunk->vacant == UINT64_MAX && (chunk->next || chunk->previous)) {
                close_chunk(arena, chunk);
                destroy_chunk(chunk);
        }
}

void live_arena_deinit(struct live_arena *arena)
{
        while (arena->open) {
                struct live_chunk *chunk = arena->open;

                close_chunk(arena, chunk);
                destroy_chunk(chunk);
        }
}
