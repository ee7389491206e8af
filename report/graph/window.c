#include "window.h"

#include "../mem.h"

int window_init(struct window *w, const struct memory *memory)
{
        *w = (struct window){ .memory = memory };
        w->buffer = mem_alloc(WINDOW_SIZE, 1);
        return w->buffer ? 0 : -1;
}

void window_free(struct window *w)
{
        mem_free(w->buffer);
        w->buffer = NULL;
}

static void refill(struct window *w, uint64_t address, uint64_t horizon)
{
        size_t want = horizon - address < WINDOW_SIZE ? (size_t)(horizon - address) : WINDOW_SIZE, got;

        got = w->memory->read(w->memory->context, address, w->buffer, want);
        if (got > want)
                got = want;
        w->start = address;
        w->end = address + got;
        w->bytes += got;
}

const uint8_t *window_at(struct window *w, uint64_t address, uint64_t end, uint64_t horizon, size_t *size)
{
        if (!window_holds(w, address, end))
                refill(w, address, horizon);
        *size = (size_t)((end < w->end ? end : w->end) - address);
        return w->buffer + (address - w->start);
}
