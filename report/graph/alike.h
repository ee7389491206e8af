/*
 * alike.h: which edges inside a component are one field: the word at the same
 * offset of blocks of one type; where a block has no type (see vtable.h), of one
 * site or, on request, of one size, as recursion gives the same structure many
 * sites.  The two words of a shared pointer are one field.
 *
 * O(blocks + edges) look-ups in a table.
 */
#ifndef WEIR_GRAPH_ALIKE_H
#define WEIR_GRAPH_ALIKE_H

#include "inner.h"

struct alike {
        uint32_t *of;   /* of each edge its field's number */
        uint64_t *size; /* of each field its edges; 0 = it became part of another */
        uint32_t *rank; /* of each field its place in an order by age and offset, not by address */
        uint32_t count; /* numbers */
};

/* Reads memory.  0, or -1 without memory and with nothing to free. */
int alike_find(struct alike *a, const struct inner *inner, bool by_size);
void alike_free(struct alike *a);

#endif
