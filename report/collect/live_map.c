/* Events of mappings. */
#include "live.h"

static void count(struct live *live, const struct live_mapping *mapping, bool in)
{
        uint64_t bytes = mapping->end - mapping->start;

        if (mapping->own || mapping->inherited)
                return;
        live->totals.mapped_blocks += in ? 1 : UINT64_MAX;
        live->totals.mapped_bytes += in ? bytes : -bytes;
}

static bool insert(struct live *live, struct live_place place, const struct live_mapping *mapping)
{
        if (live_mappings_insert(&live->mappings, place, mapping)) {
                count(live, mapping, true);
                return true;
        }
        live->no_memory = true;
        return false;
}

/* Takes [start, end) out of what begins before `end`. */
static void trim(struct live *live, struct live_place *place, uint64_t start, uint64_t end)
{
        struct live_mapping *mapping = live_mappings_at(&live->mappings, *place), rest = *mapping;

        count(live, mapping, false);
        if (mapping->start < start)
                mapping->end = start;
        else if (mapping->end > end)
                mapping->start = end;
        else {
                live_mappings_remove(&live->mappings, place);
                return;
        }
        count(live, mapping, true);
        (void)live_mappings_next(&live->mappings, place);
        if (rest.start < start && rest.end > end) {
                rest.start = end;
                (void)insert(live, *place, &rest);
        }
}

/* Cuts [start, end) out of all mappings. */
static void cut(struct live *live, uint64_t start, uint64_t end)
{
        struct live_place place = live_mappings_find(&live->mappings, start);
        const struct live_mapping *mapping;

        while ((mapping = live_mappings_at(&live->mappings, place)) && mapping->start < end && mapping->end > start)
                trim(live, &place, start, end);
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

        if (!range(address, size, &mapping.end))
                return;
        if (live->last_cut.start == mapping.start && live->last_cut.end == mapping.end)
                mapping.family = live->last_cut.family;
        else
                mapping.family = ++live->families;
        live->totals.events += !own;
        cut(live, mapping.start, mapping.end);
        (void)insert(live, live_mappings_find(&live->mappings, mapping.start), &mapping);
}

void live_unmap(struct live *live, uint64_t address, uint64_t size)
{
        const struct live_mapping *first =
                live_mappings_at(&live->mappings, live_mappings_find(&live->mappings, address));
        uint64_t end;

        if (!range(address, size, &end))
                return;
        live->totals.events++;
        live->last_cut = (struct live_mapping){ 0 };
        if (first && first->start < end)
                live->last_cut = (struct live_mapping){ address, end, .family = first->family };
        cut(live, address, end);
}

int live_inherit_mappings(struct live *child, const struct live *parent, unsigned ring)
{
        struct live_place place = { 0 };
        const struct live_mapping *from;

        while (!ring && (from = live_mappings_next(&parent->mappings, &place))) {
                struct live_mapping mapping = *from;

                mapping.inherited = true;
                mapping.stack = 0;
                child->families = parent->families > child->families ? parent->families : child->families;
                if (!insert(child, live_mappings_find(&child->mappings, mapping.start), &mapping))
                        return -1;
        }
        return 0;
}
