#include "rules.h"

#include <dlfcn.h>
#include <stddef.h>
#include <sys/mman.h>

#include "channel.h"
#include "frame.h"
#include "raw.h"

_Atomic(struct rules_table *) rules_current;

/* ---- long rules -------------------------------------------------------- */

/* The rules that the short form has no room for: large frames, realigned
 * ones.  A program has few distinct ones.  Packed into one word, which is
 * never 0, so that a slot is taken by one compare-and-swap. */
enum { LONG_RULES = 4096, OFFSET_BITS = 30 };

static _Atomic uint64_t long_rules[LONG_RULES];

static uint64_t pack(const struct cfi_rule *r)
{
        const uint64_t field = (UINT64_C(1) << OFFSET_BITS) - 1;

        /* Below their 30 bits offsets are cut by cfi.c; a CFA of sp + 0 is no rule, so
         * the word is not 0. */
        return (uint64_t)r->cfa << 62 | (uint64_t)r->fp << 60 | ((uint64_t)r->cfa_offset & field) << OFFSET_BITS |
               ((uint64_t)r->fp_offset & field);
}

static int32_t unpack_offset(uint64_t word)
{
        return (int32_t)((uint32_t)word << (32 - OFFSET_BITS)) >> (32 - OFFSET_BITS);
}

struct cfi_rule rules_long(uint16_t rule)
{
        uint64_t word = atomic_load_explicit(&long_rules[rule & (LONG_RULES - 1)], memory_order_acquire);

        return (struct cfi_rule){
                .kind = CFI_STEP,
                .cfa = (uint8_t)(word >> 62),
                .fp = (uint8_t)(word >> 60 & 3),
                .cfa_offset = unpack_offset(word >> OFFSET_BITS),
                .fp_offset = unpack_offset(word),
        };
}

static uint16_t long_form(const struct cfi_rule *rule)
{
        uint64_t word = pack(rule);
        uint32_t at = (uint32_t)((word * UINT64_C(0x9e3779b97f4a7c15)) >> 52);

        if (word == 0)
                return RULE_ODD;
        for (unsigned tries = 0; tries < 64; tries++, at++) {
                uint64_t found = 0;
                _Atomic uint64_t *slot = &long_rules[at & (LONG_RULES - 1)];

                if (atomic_compare_exchange_strong(slot, &found, word) || found == word)
                        return (uint16_t)(RULE_LONG | (at & (LONG_RULES - 1)));
        }
        return RULE_ODD;
}

/* ---- short rules ------------------------------------------------------- */

static bool short_form(const struct cfi_rule *rule, uint16_t *form)
{
        int32_t cfa = rule->cfa_offset, fp = rule->fp == CFI_FP_AT_CFA ? -rule->fp_offset : 0;

        if (rule->cfa == CFI_CFA_FP_DEREF || rule->fp == CFI_FP_AT_FP || cfa % 8 || fp % 8)
                return false;
        if (cfa <= 0 || cfa / 8 > RULE_CFA || fp < 0 || fp / 8 > 15 || (rule->fp == CFI_FP_AT_CFA && fp == 0))
                return false;
        *form = (uint16_t)(cfa / 8 | (rule->cfa == CFI_CFA_FP ? RULE_FROM_FP : 0) | (fp / 8) << RULE_FP_SHIFT);
        return true;
}

static uint16_t form_of(const struct cfi_rule *rule)
{
        uint16_t form;

        if (rule->kind == CFI_END)
                return RULE_END;
        if (rule->kind == CFI_SIGNAL)
                return RULE_SIGNAL;
        if (rule->kind == CFI_NONE)
                return RULE_NONE;
        if (rule->kind != CFI_STEP)
                return RULE_ODD;
        return short_form(rule, &form) ? form : long_form(rule);
}

/* *lasting: true until the next unload. */
static uint16_t decode(uintptr_t key, bool *lasting)
{
        struct dl_find_object object, tables;
        struct cfi_module module;
        struct cfi_rule rule;

        *lasting = true;
        if (key == 0 || key >> ARCH_ADDRESS_BITS)
                return RULE_ODD;
        if (_dl_find_object((void *)(key - 1), &object) != 0) {
                *lasting = false;
                return RULE_NONE;
        }
        if (!object.dlfo_eh_frame)
                return RULE_NONE;
        tables = object;
        module.header = object.dlfo_eh_frame;
        if ((module.header < (const uint8_t *)object.dlfo_map_start ||
             module.header >= (const uint8_t *)object.dlfo_map_end) &&
            _dl_find_object(object.dlfo_eh_frame, &tables) != 0)
                return RULE_ODD;
        module.low = tables.dlfo_map_start;
        module.high = tables.dlfo_map_end;
        module.text_low = object.dlfo_map_start;
        module.text_high = object.dlfo_map_end;
        rule = cfi_rule_at(&module, key - 1);
        return form_of(&rule);
}

/* ---- the table --------------------------------------------------------- */

static size_t table_bytes(uint32_t entries)
{
        return (sizeof(struct rules_table) + entries * sizeof(uint64_t) + 4095) & ~(size_t)4095;
}

static struct rules_table *table_create(uint32_t entries)
{
        struct rules_table *t = raw_mmap(NULL, table_bytes(entries), PROT_READ | PROT_WRITE,
                                         MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

        if (t) {
                t->mask = entries - 1;
                t->shift = 64 - (uint32_t)__builtin_ctz(entries);
        }
        return t;
}

static void table_insert(struct rules_table *t, uint64_t entry)
{
        uint64_t at = ((entry >> 16) * UINT64_C(0x9e3779b97f4a7c15)) >> t->shift;

        if (atomic_load_explicit(&t->used, memory_order_relaxed) > t->mask - t->mask / 4)
                return; /* growing failed: an empty entry must remain, it ends every search */
        for (;; at++) {
                uint64_t found = 0;

                if (atomic_compare_exchange_strong(&t->entries[at & t->mask], &found, entry))
                        break;
                if (found >> 16 == entry >> 16)
                        return;
        }
        atomic_fetch_add_explicit(&t->used, 1, memory_order_relaxed);
}

static void table_clear(struct rules_table *t)
{
        for (uint32_t i = 0; i <= t->mask; i++)
                atomic_store_explicit(&t->entries[i], 0, memory_order_relaxed);
        atomic_store_explicit(&t->used, 0, memory_order_relaxed);
}

/* All but the first page, with the head. */
static void give_back(struct rules_table *t)
{
        size_t bytes = table_bytes(t->mask + 1);

        if (bytes > WEIR_PAGE)
                (void)raw_madvise((char *)t + WEIR_PAGE, bytes - WEIR_PAGE, MADV_DONTNEED);
}

/* Publishes a table of twice the size.  Losing the race to another thread
 * costs nothing but the work.  The old table keeps its address for those that
 * still look into it; its pages are given back and read as empty. */
static void table_grow(struct rules_table *old)
{
        uint32_t entries = old ? (old->mask + 1) * 2 : RULES_LEAST;
        struct rules_table *t, *expected = old;

        if (entries > RULES_MOST) {
                table_clear(old);
                return;
        }
        t = table_create(entries);
        if (!t)
                return;
        for (uint32_t i = 0; old && i <= old->mask; i++) {
                uint64_t entry = atomic_load_explicit(&old->entries[i], memory_order_relaxed);

                if (entry)
                        table_insert(t, entry);
        }
        if (!atomic_compare_exchange_strong(&rules_current, &expected, t))
                raw_munmap(t, table_bytes(entries));
        else if (old)
                give_back(old);
}

uint16_t rules_learn(uintptr_t key, bool keep)
{
        bool lasting;
        uint16_t rule = decode(key, &lasting);
        struct rules_table *t;

        if (!keep || !lasting || key >> ARCH_ADDRESS_BITS)
                return rule;
        t = atomic_load_explicit(&rules_current, memory_order_acquire);
        if (!t || atomic_load_explicit(&t->used, memory_order_relaxed) > t->mask / 2) {
                table_grow(t);
                t = atomic_load_explicit(&rules_current, memory_order_acquire);
        }
        if (t)
                table_insert(t, (uint64_t)key << 16 | rule);
        return rule;
}

void rules_forget(void)
{
        struct rules_table *t = atomic_load_explicit(&rules_current, memory_order_acquire);

        if (t)
                table_clear(t);
}
