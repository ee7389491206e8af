#include "store.h"

#include <stdatomic.h>
#include <string.h>

#include "apart.h"

enum {
        GROWTH = 2,
        BUCKET = STORE_WAYS * sizeof(uint32_t),
        /* Bytes for each walk since all was forgotten. */
        DEEP = 1024, /* stacks are so deep that few fill the memory */
        FEW = 256,   /* to forget all would cost more than it serves */
};

/* Bytes that larger arrays take in this process. */
static _Atomic size_t taken;

/* Lays the arrays out in `memory`, `scale` times as large as at first. */
static void lay_out(struct store *s, char *memory, uint32_t scale)
{
        s->index = (uint32_t *)memory;
        s->memory = memory + STORE_INDEX * scale;
        s->index_mask = STORE_INDEX * scale - BUCKET;
        s->bytes = STORE_MEMORY * scale;
}

static void begin(struct store *s)
{
        memset(s->index, 0, s->index_mask + BUCKET);
        s->end = STORE_UNIT;
        s->walked = 0;
        s->again = 0;
        s->full = false;
}

void store_reset(struct store *s)
{
        if (!s->mapped)
                lay_out(s, s->own, 1);
        begin(s);
}

void store_release(struct store *s)
{
        if (!s->mapped)
                return;
        apart_unmap(s->index, s->mapped);
        atomic_fetch_sub(&taken, s->mapped);
        s->mapped = 0;
}

/* Adds to what is taken, within the allowance. */
static bool take(size_t bytes)
{
        if (atomic_fetch_add(&taken, bytes) + bytes <= STORE_ALLOWANCE)
                return true;
        atomic_fetch_sub(&taken, bytes);
        return false;
}

/* The first memory is not used again before the thread's memory is another's. */
static void give_back_own(struct store *s)
{
        uintptr_t low = weir_pages((uintptr_t)s->own);
        uintptr_t high = (uintptr_t)(s->own + sizeof s->own) & ~(uintptr_t)(WEIR_PAGE - 1);

        (void)raw_madvise((void *)low, high - low, MADV_DONTNEED);
}

static bool grow(struct store *s)
{
        uint32_t scale = s->bytes / STORE_MEMORY * GROWTH;
        size_t bytes = sizeof s->own * scale, old_bytes = s->mapped;
        char *memory, *old = (char *)s->index;

        if (!take(bytes - old_bytes))
                return false;
        memory = apart_map(bytes);
        if (!memory) {
                atomic_fetch_sub(&taken, bytes - old_bytes);
                return false;
        }
        lay_out(s, memory, scale);
        s->mapped = bytes;
        if (old_bytes)
                apart_unmap(old, old_bytes);
        else
                give_back_own(s);
        return true;
}

/* A larger one serves where most of what is walked was known before; else what
 * fills it is new, and would fill that one, too. */
bool store_make_room(struct store *s)
{
        bool deep = s->walked < s->bytes / DEEP, few = s->walked < s->bytes / FEW;

        if (!((deep || s->again > s->walked - s->walked / 4) && grow(s)) && few)
                return false;
        begin(s);
        return true;
}

void *store_take(struct store *s, size_t bytes)
{
        void *memory = s->memory + s->end;

        bytes = (bytes + STORE_UNIT - 1) & ~(size_t)(STORE_UNIT - 1);
        s->full = bytes > s->bytes - s->end;
        if (s->full)
                return NULL;
        s->end += (uint32_t)bytes;
        return memory;
}

void store_index(struct store *s, uint64_t hash, enum store_kind kind, const void *what)
{
        uint32_t *bucket = store_bucket(s, hash);
        uint32_t unit = (uint32_t)((const char *)what - s->memory) / STORE_UNIT;

        memmove(bucket + 1, bucket, BUCKET - sizeof *bucket);
        bucket[0] = unit << STORE_TAG | store_tag(hash, kind);
}
