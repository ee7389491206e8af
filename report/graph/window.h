/*
 * window.h: the process's memory read in large pieces, upwards.
 */
#ifndef WEIR_GRAPH_WINDOW_H
#define WEIR_GRAPH_WINDOW_H

#include "../capture/snapshot.h"

#define WINDOW_SIZE ((size_t)256 << 10)

struct window {
        const struct memory *memory;
        uint8_t *buffer;
        uint64_t start, end; /* buffer holds [start, end) */
        uint64_t bytes;      /* read so far */
};

int window_init(struct window *w, const struct memory *memory); /* 0 or -1 without memory */
void window_free(struct window *w);

/* Contents at `address`: a pointer to them, and in `*size` how many bytes of
 * [address, end) follow; 8 or all, but for memory that cannot be read.  What
 * is not in the buffer is read from there up to `horizon` (>= end), as far as
 * the buffer goes.  Valid until the next call. */
const uint8_t *window_at(struct window *w, uint64_t address, uint64_t end, uint64_t horizon, size_t *size);

/* Would window_at read nothing? */
static inline bool window_holds(const struct window *w, uint64_t address, uint64_t end)
{
        uint64_t need = end - address < 8 ? end - address : 8;

        return address >= w->start && address < w->end && w->end - address >= need;
}

#endif
