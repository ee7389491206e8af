#include "frame_cache.h"

#include "../mem.h"

enum { FIRST_CAPACITY = 64 };

/* The slot of the address, or the free one where it belongs. */
static struct frame_cache_entry *slot_of(struct frame_cache_entry *slots, size_t capacity, uint64_t address)
{
        size_t i = (size_t)((address * UINT64_C(0x9e3779b97f4a7c15)) >> 32) & (capacity - 1);

        while (slots[i].frames && slots[i].address != address)
                i = (i + 1) & (capacity - 1);
        return &slots[i];
}

const struct frame_cache_entry *frame_cache_find(const struct frame_cache *cache, uint64_t address)
{
        const struct frame_cache_entry *entry;

        if (!cache->capacity)
                return NULL;
        entry = slot_of(cache->slots, cache->capacity, address);
        return entry->frames ? entry : NULL;
}

/* Keeps a quarter of the slots free. */
static int make_room(struct frame_cache *cache)
{
        size_t capacity = cache->capacity ? cache->capacity * 2 : FIRST_CAPACITY;
        struct frame_cache_entry *slots;

        if (cache->capacity && cache->count + 1 <= cache->capacity / 4 * 3)
                return 0;
        slots = mem_alloc(capacity, sizeof *slots);
        if (!slots)
                return -1;
        for (size_t i = 0; i < cache->capacity; i++) {
                if (cache->slots[i].frames)
                        *slot_of(slots, capacity, cache->slots[i].address) = cache->slots[i];
        }
        mem_free(cache->slots);
        cache->slots = slots;
        cache->capacity = capacity;
        return 0;
}

const struct frame_cache_entry *frame_cache_add(struct frame_cache *cache, uint64_t address,
                                                struct symbol_frame *frames, size_t count)
{
        struct frame_cache_entry *entry;

        if (make_room(cache)) {
                mem_free(frames);
                return NULL;
        }
        entry = slot_of(cache->slots, cache->capacity, address);
        *entry = (struct frame_cache_entry){ .address = address, .frames = frames, .count = count };
        cache->count++;
        return entry;
}

void frame_cache_deinit(struct frame_cache *cache)
{
        for (size_t i = 0; i < cache->capacity; i++)
                mem_free(cache->slots[i].frames);
        mem_free(cache->slots);
        *cache = (struct frame_cache){ 0 };
}
