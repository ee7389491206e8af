/*
 * live_mappings.h: the mappings of one process, for live.h: disjoint, in the
 * order of their addresses, in pieces of bounded size, so that a change costs the
 * same among ten and among sixty thousand.
 */
#ifndef WEIR_LIVE_MAPPINGS_H
#define WEIR_LIVE_MAPPINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* [start, end) */
struct live_mapping {
        uint64_t start, end;
        uint64_t time_ns;
        uint64_t family; /* pieces of what the program mapped at once have one */
        uint32_t stack;
        uint32_t thread;
        bool inherited;
        bool ignored; /* the program says that it is no leak */
        bool own;     /* mapped by the allocator below the hooks: neither block nor root */
};

struct live_run;

struct live_mappings {
        struct live_run **runs; /* none of them empty */
        size_t run_count, run_capacity;
        size_t count;
};

/* A place among them; all-zero is the first. */
struct live_place {
        size_t run, at;
};

/* The mapping there, or NULL behind the last. */
struct live_mapping *live_mappings_at(const struct live_mappings *mappings, struct live_place place);

/* The mapping at the place, which moves on; NULL after the last. */
struct live_mapping *live_mappings_next(const struct live_mappings *mappings, struct live_place *place);

/* The first mapping that ends after `address`. */
struct live_place live_mappings_find(const struct live_mappings *mappings, uint64_t address);

/* Puts one in front of the place; false without memory.  Places change. */
bool live_mappings_insert(struct live_mappings *mappings, struct live_place place, const struct live_mapping *mapping);

/* Takes out the one at the place, which is then that of the next. */
void live_mappings_remove(struct live_mappings *mappings, struct live_place *place);

/* All-zero memory is valid, and empty. */
void live_mappings_deinit(struct live_mappings *mappings);

#endif
