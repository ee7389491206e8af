#include "live_mappings.h"

#include "../mem.h"

#include <string.h>

enum { RUN_MAX = 128 };

struct live_run {
        size_t count;
        struct live_mapping list[RUN_MAX];
};

struct live_mapping *live_mappings_at(const struct live_mappings *mappings, struct live_place place)
{
        if (place.run >= mappings->run_count || place.at >= mappings->runs[place.run]->count)
                return NULL;
        return &mappings->runs[place.run]->list[place.at];
}

struct live_mapping *live_mappings_next(const struct live_mappings *mappings, struct live_place *place)
{
        struct live_mapping *mapping = live_mappings_at(mappings, *place);

        if (mapping && ++place->at == mappings->runs[place->run]->count)
                *place = (struct live_place){ .run = place->run + 1 };
        return mapping;
}

static uint64_t end_of(const struct live_run *run)
{
        return run->list[run->count - 1].end;
}

struct live_place live_mappings_find(const struct live_mappings *mappings, uint64_t address)
{
        size_t low = 0, high = mappings->run_count;
        struct live_place place;

        while (low < high) {
                size_t middle = low + (high - low) / 2;

                if (end_of(mappings->runs[middle]) > address)
                        high = middle;
                else
                        low = middle + 1;
        }
        place = (struct live_place){ .run = low };
        if (low == mappings->run_count)
                return place;
        high = mappings->runs[low]->count;
        while (place.at < high) {
                size_t middle = place.at + (high - place.at) / 2;

                if (mappings->runs[low]->list[middle].end > address)
                        high = middle;
                else
                        place.at = middle + 1;
        }
        return place;
}

/* Puts an empty run in front of the one with this number. */
static struct live_run *add_run(struct live_mappings *mappings, size_t at)
{
        struct live_run *run;

        if (mem_grow(&mappings->runs, &mappings->run_capacity, mappings->run_count + 1, sizeof(struct live_run *)))
                return NULL;
        run = mem_alloc(1, sizeof *run);
        if (!run)
                return NULL;
        memmove(&mappings->runs[at + 1], &mappings->runs[at], (mappings->run_count - at) * sizeof(struct live_run *));
        mappings->runs[at] = run;
        mappings->run_count++;
        return run;
}

/* The run and the place in it, with room for one more. */
static struct live_run *make_room(struct live_mappings *mappings, struct live_place *place)
{
        struct live_run *run, *next;

        if (place->run == mappings->run_count) { /* behind the last one of the run before, if there is any */
                if (!place->run)
                        return add_run(mappings, 0);
                place->run--;
                place->at = mappings->runs[place->run]->count;
        }
        run = mappings->runs[place->run];
        if (run->count < RUN_MAX)
                return run;
        next = add_run(mappings, place->run + 1);
        if (!next)
                return NULL;
        memcpy(next->list, run->list + RUN_MAX / 2, sizeof run->list / 2);
        next->count = run->count = RUN_MAX / 2;
        if (place->at <= RUN_MAX / 2)
                return run;
        place->at -= RUN_MAX / 2;
        return next;
}

bool live_mappings_insert(struct live_mappings *mappings, struct live_place place, const struct live_mapping *mapping)
{
        struct live_run *run = make_room(mappings, &place);

        if (!run)
                return false;
        memmove(&run->list[place.at + 1], &run->list[place.at], (run->count - place.at) * sizeof *run->list);
        run->list[place.at] = *mapping;
        run->count++;
        mappings->count++;
        return true;
}

void live_mappings_remove(struct live_mappings *mappings, struct live_place *place)
{
        struct live_run *run = mappings->runs[place->run];

        run->count--;
        mappings->count--;
        memmove(&run->list[place->at], &run->list[place->at + 1], (run->count - place->at) * sizeof *run->list);
        if (!run->count) {
                mem_free(run);
                mappings->run_count--;
                memmove(&mappings->runs[place->run], &mappings->runs[place->run + 1],
                        (mappings->run_count - place->run) * sizeof(struct live_run *));
                place->at = 0;
        } else if (place->at == run->count) {
                *place = (struct live_place){ .run = place->run + 1 };
        }
}

void live_mappings_deinit(struct live_mappings *mappings)
{
        for (size_t i = 0; i < mappings->run_count; i++)
                mem_free(mappings->runs[i]);
        mem_free(mappings->runs);
        *mappings = (struct live_mappings){ 0 };
}
