#include "arena.h"

#include "../mem.h"

#include <stdalign.h>
#include <stdint.h>

enum { CHUNK = 64 << 10 };

struct group_arena {
        struct group_arena *next;
        size_t used, size;
        alignas(16) char bytes[];
};

void *arena_alloc(struct group_arena **arena, size_t count, size_t size)
{
        struct group_arena *chunk = *arena;
        size_t bytes;

        if (__builtin_mul_overflow(count, size, &bytes) || bytes > SIZE_MAX / 2)
                return NULL;
        bytes = (bytes + 16) & ~(size_t)15;
        if (!chunk || chunk->size - chunk->used < bytes) {
                size_t room = bytes > CHUNK ? bytes : CHUNK;

                chunk = mem_alloc(1, sizeof *chunk + room);
                if (!chunk)
                        return NULL;
                chunk->size = room;
                chunk->next = *arena;
                *arena = chunk;
        }
        chunk->used += bytes;
        return chunk->bytes + chunk->used - bytes;
}

void arena_free(struct group_arena **arena)
{
        while (*arena) {
                struct group_arena *next = (*arena)->next;

                mem_free(*arena);
                *arena = next;
        }
}
