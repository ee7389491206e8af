/*
 * rules.h: the call-frame rule of every address met so far.
 *
 * One table for the whole process, one 8-byte entry for one address, so that
 * a frame costs one load that is usually in the cache:
 *
 *     bits  0..15  the rule in short form
 *     bits 16..63  the address
 *
 * Lock-free: an entry is one word, written once by compare-and-swap.  The
 * table doubles when half full; what is inserted into the old one meanwhile
 * is merely forgotten.  A fork child inherits the table, which stays true.
 */
#ifndef WEIR_RULES_H
#define WEIR_RULES_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "cfi.h"

/* The short form.
 *
 * bit 15 clear:  CFA = (bit 10 ? fp : sp) + 8 * bits 0..9
 *                caller's fp: bits 11..14 zero: kept, else at CFA - 8 * bits
 * bit 15 set:    one of the names below, or bits 0..14 index the long rules
 * 0:             not known yet */
enum {
        RULE_UNKNOWN = 0,
        RULE_CFA = 0x03ff,
        RULE_FROM_FP = 0x0400,
        RULE_FP_SHIFT = 11,
        RULE_LONG = 0x8000,
        RULE_NONE = 0xfffc, /* code without tables */
        RULE_SIGNAL = 0xfffd,
        RULE_END = 0xfffe,
        RULE_ODD = 0xffff,
};

enum { RULES_LEAST = 512, RULES_MOST = 1 << 18 }; /* entries */

struct rules_table {
        uint32_t shift; /* 64 - log2 of the entries */
        uint32_t mask;
        _Atomic uint32_t used;
        uint32_t pad[13];
        _Atomic uint64_t entries[];
};

extern _Atomic(struct rules_table *) rules_current;

/* The rule of `key`, RULE_UNKNOWN when it was never learned.  A key is a
 * return address; for an interrupted instruction its address plus one. */
static inline uint16_t rules_find(uintptr_t key)
{
        struct rules_table *t = atomic_load_explicit(&rules_current, memory_order_acquire);
        uint64_t at, entry;

        if (!t)
                return RULE_UNKNOWN;
        at = (key * UINT64_C(0x9e3779b97f4a7c15)) >> t->shift;
        while ((entry = atomic_load_explicit(&t->entries[at & t->mask], memory_order_relaxed)) != 0) {
                if (entry >> 16 == key)
                        return (uint16_t)entry;
                at++;
        }
        return RULE_UNKNOWN;
}

/* Decodes the rule of `key`; never answers RULE_UNKNOWN.  Remembers it when
 * `keep` is true, but never that an address belongs to no module: one may be
 * loaded there. */
uint16_t rules_learn(uintptr_t key, bool keep);

/* The long form of `rule`, one with RULE_LONG set and no name. */
struct cfi_rule rules_long(uint16_t rule);

/* Forgets every address; for after an unload, while nobody trusts the table. */
void rules_forget(void);

#endif
