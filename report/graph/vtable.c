#include "vtable.h"

#include <string.h>

enum { TOP_MAX = 1 << 24, FUNCTIONS = 2 };
#define NOT_VTABLE UINT64_MAX

static bool is_code(const struct snapshot *snapshot, uint64_t address)
{
        const struct segment *segment = snapshot_segment(snapshot, address);

        return segment && segment->executable;
}

/* Offset to the top as a number for the table, or NOT_VTABLE. */
static uint64_t examine(const struct snapshot *snapshot, const struct segment *segment, uint64_t address)
{
        uint64_t words[2 + FUNCTIONS] = { 0 };
        size_t got;
        int64_t top;

        if (address - segment->start < 16)
                return NOT_VTABLE;
        got = snapshot->memory.read(snapshot->memory.context, address - 16, words, sizeof words);
        top = (int64_t)words[0];
        if (got < 24 || top > 0 || top < -TOP_MAX || (top & 7))
                return NOT_VTABLE;
        if (words[1] && !snapshot_segment(snapshot, words[1]))
                return NOT_VTABLE;
        /* The first may be missing: a pure function, or a destructor that is never called. */
        if (!is_code(snapshot, words[2]) && (words[2] || !is_code(snapshot, words[3])))
                return NOT_VTABLE;
        return (uint64_t)-top;
}

bool vtable_top(struct vtables *v, uint64_t address, int64_t *top)
{
        const struct segment *segment = address & 7 ? NULL : snapshot_segment(v->snapshot, address);
        uint64_t *slot, found;
        bool fresh;

        /* Only what may be one is worth remembering: most words lead to blocks. */
        if (!segment || segment->writable || segment->executable)
                return false;
        slot = table_put(&v->known, address, &fresh);
        found = slot && !fresh ? *slot : examine(v->snapshot, segment, address);
        if (slot)
                *slot = found;
        *top = -(int64_t)found;
        return found != NOT_VTABLE;
}

uint64_t vtable_of(struct vtables *v, uint64_t first)
{
        int64_t top;

        return first && vtable_top(v, first, &top) && !top ? first : 0;
}

uint64_t vtable_identity(const struct snapshot *snapshot, uint64_t vtable)
{
        const struct segment *segment = vtable ? snapshot_segment(snapshot, vtable) : NULL;
        uint64_t hash = 0;

        if (!segment)
                return 0;
        for (const char *c = segment->path ? segment->path : ""; *c; c++)
                hash = hash_mix(hash, (unsigned char)*c);
        return hash_mix(hash, vtable - segment->bias);
}

void vtables_ask(struct vtables *v, const uint64_t *first, uint64_t count)
{
        for (uint64_t i = 0; i < count; i++)
                (void)vtable_of(v, first[i]);
}

void vtables_free(struct vtables *v)
{
        table_free(&v->known);
}
