/* The mappings of a process: an array of disjoint intervals, ascending. */
#include "live.h"

#include "../mem.h"

#include <string.h>

/* The first mapping that ends after `address`. */
static size_t first_after(const struct live *live, uint64_t address)
{
        size_t low = 0, high = live->mapping_count;

        while (low < high) {
                size_t middle = low + (high - low) / 2;

                if (live->mappings[middle].end > address)
                        high = middle;
                else
                        low = middle + 1;
        }
        return low;
}

static void count(struct live *live, const struct live_mapping *mapping, bool in)
{
        uint64_t bytes = mapping->end - mapping->start;

        if (mapping->own || mapping->inherited)
                return;
        live->totals.mapped_blocks += in ? 1 : UINT64_MAX;
        live->totals.mapped_bytes += in ? bytes : -bytes;
}

/* Replaces `old` mappings at `at` by the `new` ones in `with`. */
static bool replace(struct live *live, size_t at, size_t old, const struct live_mapping *with, size_t new)
{
        if (mem_grow(&live->mappings, &live->mapping_capacity, live->mapping_count + new, sizeof *live->mappings)) {
                live->no_memory = true;
                return false;
        }
        for (size_t i = 0; i < old; i++)
                count(live, &live->mappings[at + i], false);
        memmove(&live->mappings[at + new], &live->mappings[at + old],
                (live->mapping_count - at - old) * sizeof *live->mappings);
        for (size_t i = 0; i < new; i++) {
                live->mappings[at + i] = with[i];
                count(live, &with[i], true);
        }
        live->mapping_count += new - old;
        return true;
}

/* Cuts [start, end) out of all mappings; returns where a mapping of that
 * range would go, or SIZE_MAX without memory. */
static size_t cut(struct live *live, uint64_t start, uint64_t end)
{
        size_t at = first_after(live, start), last = at, pieces = 0;
        struct live_mapping piece[2];
        bool left = false;

        while (last < live->mapping_count && live->mappings[last].start < end)
                last++;
        if (last == at)
                return at;
        if (live->mappings[at].start < start) {
                piece[pieces] = live->mappings[at];
                piece[pieces++].end = start;
                left = true;
        }
        if (live->mappings[last - 1].end > end) {
                piece[pieces] = live->mappings[last - 1];
                piece[pieces++].start = end;
        }
        return replace(live, at, last - at, piece, pieces) ? at + left : SIZE_MAX;
}

/* The range's end; false for an empty one and one that wraps. */
static bool range(uint64_t address, uint64_t size, uint64_t *end)
{
        return size && !__builtin_add_overflow(address, size, end);
}

void live_map(struct live *live, uint64_t address, uint64_t size, uint32_t stack, uint32_t thread, bool own,
              uint64_t time_ns)
{
        struct live_mapping mapping = {
                .start = address,
                .time_ns = time_ns,
                .stack = stack,
                .thread = thread,
                .own = own,
        };
        size_t at;

        if (!range(address, size, &mapping.end))
                return;
        if (live->last_cut.start == mapping.start && live->last_cut.end == mapping.end)
                mapping.family = live->last_cut.family;
        else
                mapping.family = ++live->families;
        live->totals.events += !own;
        at = cut(live, mapping.start, mapping.end);
        if (at != SIZE_MAX)
                (void)replace(live, at, 0, &mapping, 1);
}

void live_unmap(struct live *live, uint64_t address, uint64_t size)
{
        size_t at = first_after(live, address);
        uint64_t end;

        if (!range(address, size, &end))
                return;
        live->totals.events++;
        live->last_cut = (struct live_mapping){ 0 };
        if (at < live->mapping_count && live->mappings[at].start < end)
                live->last_cut = (struct live_mapping){ address, end, .family = live->mappings[at].family };
        (void)cut(live, address, end);
}

int live_inherit_mappings(struct live *child, const struct live *parent, unsigned ring)
{
        for (size_t i = 0; !ring && i < parent->mapping_count; i++) {
                struct live_mapping mapping = parent->mappings[i];

                mapping.inherited = true;
                child->families = parent->families > child->families ? parent->families : child->families;
                mapping.stack = 0;
                if (!replace(child, first_after(child, mapping.start), 0, &mapping, 1))
                        return -1;
        }
        return 0;
}
