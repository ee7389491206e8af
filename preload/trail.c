#include "trail.h"

#include <string.h>

#include "apart.h"

enum { TRAIL_LEAST = 512 };

static size_t bytes_of(uint32_t capacity)
{
        return capacity * sizeof(struct trail_frame);
}

bool trail_grow(struct trail *trail)
{
        uint32_t capacity = trail->capacity < TRAIL_LEAST / 2 ? TRAIL_LEAST : trail->capacity * 2;
        struct trail_frame *frames;

        if (capacity > TRAIL_MOST)
                return false;
        frames = apart_map(bytes_of(capacity));
        if (!frames)
                return false;
        if (trail->count)
                memcpy(frames, trail->frames, trail->count * sizeof *frames);
        trail_release(trail);
        trail->frames = frames;
        trail->capacity = capacity;
        trail->mapped = true;
        return true;
}

void trail_release(struct trail *trail)
{
        if (trail->mapped)
                apart_unmap(trail->frames, bytes_of(trail->capacity));
        trail->mapped = false;
        trail->frames = NULL;
        trail->capacity = 0;
}
