#include "live_cells.h"

#include "../mem.h"

#include <stdbool.h>
#include <string.h>

enum {
        SLAB = 1 << 16, /* bytes, and what a slab is aligned to */
        SPAN_MIN = 4 * SLAB,
        SPAN_PART = 4, /* a new span is this part of all there are, if that is more */
};

/* Stands at the beginning of its slab; the arrays follow. */
struct live_slab {
        struct live_slab *next, *previous; /* of the list that it is in */
        struct live_cell *free;            /* arrays given back, linked by `key` */
        uint32_t cut;                      /* bytes from the slab's beginning that were ever cut into arrays */
        uint32_t used;                     /* arrays in use */
};
_Static_assert(sizeof(struct live_slab) <= 64, "arrays begin on a cache line");

struct live_span {
        struct live_span *next;
        void *memory;
        size_t bytes;
        uintptr_t fresh, end; /* what no slab was cut from yet: [fresh, end), aligned */
};

static uint32_t array_bytes(unsigned bits)
{
        return (uint32_t)sizeof(struct live_cell) << bits;
}

static bool has_room(const struct live_slab *slab, unsigned bits)
{
        return slab->free || slab->cut + array_bytes(bits) <= SLAB;
}

/* ---- slabs --------------------------------------------------------------- */

static bool add_span(struct live_cells *cells)
{
        size_t part = cells->bytes / SPAN_PART & ~(size_t)(SLAB - 1), bytes = part > SPAN_MIN ? part : SPAN_MIN;
        struct live_span *span = mem_alloc(1, sizeof *span);
        void *memory = span ? mem_reserve(bytes) : NULL;

        if (!memory) {
                mem_free(span);
                return false;
        }
        *span = (struct live_span){ cells->spans, memory, bytes,
                                    ((uintptr_t)memory + SLAB - 1) & ~(uintptr_t)(SLAB - 1),
                                    ((uintptr_t)memory + bytes) & ~(uintptr_t)(SLAB - 1) };
        cells->spans = span;
        cells->bytes += bytes;
        return true;
}

static struct live_slab *new_slab(struct live_cells *cells)
{
        struct live_slab *slab = cells->spare;

        if (slab) {
                cells->spare = slab->next;
                return slab;
        }
        if ((!cells->spans || cells->spans->fresh == cells->spans->end) && !add_span(cells))
                return NULL;
        slab = (struct live_slab *)cells->spans->fresh;
        cells->spans->fresh += SLAB;
        return slab;
}

static void open_slab(struct live_cells *cells, struct live_slab *slab, unsigned bits)
{
        slab->previous = NULL;
        slab->next = cells->open[bits];
        if (slab->next)
                slab->next->previous = slab;
        cells->open[bits] = slab;
}

static void close_slab(struct live_cells *cells, struct live_slab *slab, unsigned bits)
{
        if (slab->next)
                slab->next->previous = slab->previous;
        if (slab->previous)
                slab->previous->next = slab->next;
        else
                cells->open[bits] = slab->next;
}

/* ---- arrays -------------------------------------------------------------- */

static struct live_cell *cut_array(struct live_slab *slab, unsigned bits)
{
        struct live_cell *array = slab->free;

        slab->used++;
        if (array) {
                slab->free = (struct live_cell *)(uintptr_t)array->key;
                return array;
        }
        array = (struct live_cell *)((char *)slab + slab->cut);
        slab->cut += array_bytes(bits);
        return array;
}

struct live_cell *live_cells_take(struct live_cells *cells, unsigned bits)
{
        struct live_slab *slab = cells->open[bits];
        struct live_cell *array;

        if (!slab) {
                slab = new_slab(cells);
                if (!slab)
                        return NULL;
                *slab = (struct live_slab){ .cut = 64 };
                open_slab(cells, slab, bits);
        }
        array = cut_array(slab, bits);
        if (!has_room(slab, bits))
                close_slab(cells, slab, bits);
        return memset(array, 0, array_bytes(bits));
}

void live_cells_give(struct live_cells *cells, struct live_cell *array, unsigned bits)
{
        struct live_slab *slab = (struct live_slab *)((uintptr_t)array & ~(uintptr_t)(SLAB - 1));

        if (!has_room(slab, bits))
                open_slab(cells, slab, bits);
        array->key = (uintptr_t)slab->free;
        slab->free = array;
        if (--slab->used)
                return;
        close_slab(cells, slab, bits);
        slab->next = cells->spare;
        cells->spare = slab;
}

void live_cells_deinit(struct live_cells *cells)
{
        while (cells->spans) {
                struct live_span *span = cells->spans;

                cells->spans = span->next;
                mem_unreserve(span->memory, span->bytes);
                mem_free(span);
        }
        *cells = (struct live_cells){ 0 };
}
