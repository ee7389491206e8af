#include "early.h"

#include "channel.h"
#include "raw.h"
#include "ring.h"

#include <sys/mman.h>

/* Stands right before each block. */
struct header {
        struct header *next; /* all blocks ever, newest first */
        size_t size;
        size_t mapping; /* bytes mapped for it alone; 0 = in the pool */
        _Atomic uint32_t state;
        uint32_t pad;
};
_Static_assert(sizeof(struct header) == 32, "keeps blocks aligned to 16");

enum { SERVED, RECORDED, FREED };

_Alignas(64) char early_pool[EARLY_POOL_BYTES];
static _Atomic size_t pool_used;
static struct header *_Atomic blocks;
static _Atomic size_t in_use; /* blocks not FREED */
const void *early_mapped;

static struct header *header_of(const void *block)
{
        return (struct header *)(uintptr_t)block - 1;
}

static uintptr_t align_up(uintptr_t at, size_t alignment)
{
        return (at + alignment - 1) & ~(uintptr_t)(alignment - 1);
}

static void *place(uintptr_t from, size_t size, size_t alignment, size_t mapping)
{
        uintptr_t block = align_up(from + sizeof(struct header), alignment);
        struct header *h = header_of((void *)block);

        h->size = size;
        h->mapping = mapping;
        atomic_fetch_add(&in_use, 1);
        h->next = blocks;
        while (!atomic_compare_exchange_weak(&blocks, &h->next, h))
                ;
        return (void *)block;
}

static void *map(size_t size, size_t bytes, size_t alignment)
{
        void *p = raw_mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        void *block;

        if (!p)
                return NULL;
        block = place((uintptr_t)p, size, alignment, bytes);
        early_mapped = block;
        return block;
}

void *early_alloc(size_t size, size_t alignment)
{
        size_t bytes, at;

        if (alignment < 16)
                alignment = 16;
        if (size > PTRDIFF_MAX - alignment - sizeof(struct header) - 16)
                return NULL;
        bytes = align_up(size + sizeof(struct header) + alignment, 16);
        if (bytes > EARLY_POOL_BYTES)
                return map(size, bytes, alignment);
        at = atomic_fetch_add(&pool_used, bytes);
        if (at > EARLY_POOL_BYTES - bytes)
                return map(size, bytes, alignment);
        return place((uintptr_t)early_pool + at, size, alignment, 0);
}

/* Its state before. */
static uint32_t release(void *block)
{
        uint32_t before = atomic_exchange(&header_of(block)->state, FREED);

        if (before != FREED && atomic_fetch_sub(&in_use, 1) == 1)
                process_becomes_plain();
        return before;
}

bool early_any(void)
{
        return atomic_load(&in_use) != 0;
}

void *early_realloc(void *old, size_t size)
{
        void *fresh = early_alloc(size, 16);

        if (old && fresh) {
                raw_copy(fresh, old, early_size(old) < size ? early_size(old) : size);
                (void)release(old);
        }
        return fresh;
}

size_t early_size(const void *block)
{
        return header_of(block)->size;
}

bool early_is_mapped(const void *block)
{
        for (const struct header *h = blocks; h; h = h->next)
                if (h + 1 == block && h->mapping)
                        return true;
        return false;
}

void early_free(void *block)
{
        if (release(block) == RECORDED)
                ring_put_slow(WEIR_EVENT_FREE, (uintptr_t)block, WEIR_FN_FREE, 0);
}

void early_flush(void)
{
        for (struct header *h = blocks; h; h = h->next) {
                uint32_t served = SERVED;

                if (!atomic_compare_exchange_strong(&h->state, &served, RECORDED))
                        continue;
                ring_put_slow(WEIR_EVENT_ALLOC, (uintptr_t)(h + 1), h->size, 0);
                atomic_fetch_add(&process_self->control->counters.early_blocks, 1);
        }
}
