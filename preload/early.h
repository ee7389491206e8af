/*
 * early.h: memory for whoever allocates while the allocator is being looked
 * for, dlsym and what it calls.  Such blocks may live for ever, so every
 * release function knows them for ever; their memory is not used again.
 *
 * Never aborts: when the static pool is used up, each block gets a mapping.
 * Blocks are zero.  No locks; any thread.
 */
#ifndef WEIR_EARLY_H
#define WEIR_EARLY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* `alignment` is a power of two.  NULL when no memory can be mapped. */
void *early_alloc(size_t size, size_t alignment);

/* As realloc; `old` is NULL or an early block. */
void *early_realloc(void *old, size_t size);

/* Records the release.  The guard is raised. */
void early_free(void *block);

/* Bytes asked for. */
size_t early_size(const void *block);

/* Records all blocks served so far, once the channel is there. */
void early_flush(void);

extern char early_pool[] __attribute__((visibility("hidden")));
extern const void *early_mapped __attribute__((visibility("hidden"))); /* newest mapped block; NULL = none */
enum { EARLY_POOL_BYTES = 1 << 16 };

/* Whether any block is in use. */
bool early_any(void);

bool early_is_mapped(const void *block);

/* Budget: one compare, one load. */
static inline bool early_has(const void *block)
{
        if (__builtin_expect((uintptr_t)block - (uintptr_t)early_pool < EARLY_POOL_BYTES, 0))
                return true;
        return __builtin_expect(early_mapped != NULL, 0) && early_is_mapped(block);
}

#endif
