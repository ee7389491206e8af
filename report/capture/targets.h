/*
 * targets.h: the addresses that lead to a block: into it, to its end, or to its
 * start but for the low bits of a tag.  Known for each eight bytes of the pages
 * that blocks lie on.
 */
#ifndef WEIR_TARGETS_H
#define WEIR_TARGETS_H

#include "ranges.h"
#include "snapshot.h"

#include <stdbool.h>

struct targets {
        uint64_t least, span; /* nothing outside [least, least + span] leads anywhere */
        struct ranges large;  /* large blocks, with all that leads to them */
        struct ranges pages;  /* of the others */
        uint64_t *first;      /* of each of those ranges: its first bit, in words */
        uint64_t *bits;       /* one for eight bytes */
        size_t size;          /* bytes of `bits` */
};

/* 0, or -1 without memory; targets_deinit must follow in both cases. */
int targets_init(struct targets *targets, const struct snapshot *snapshot);
void targets_deinit(struct targets *targets);

/* Does an address that targets_near let through lead to a block? */
bool targets_hit(const struct targets *targets, uint64_t address);

/* Has what targets_hit will look at brought into the cache. */
void targets_fetch(const struct targets *targets, uint64_t address);

/* May the address lead to a block?  False is final.  One comparison. */
static inline bool targets_near(const struct targets *targets, uint64_t address)
{
        return address - targets->least <= targets->span;
}

/* Does the address lead to a block? */
static inline bool targets_lead(const struct targets *targets, uint64_t address)
{
        return targets_near(targets, address) && targets_hit(targets, address);
}

#endif
