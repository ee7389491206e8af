#include "young.h"

static uint64_t address_of(uint64_t key)
{
        return key >> WEIR_HEAD_ADDRESS_SHIFT;
}

/* ---- the totals ----------------------------------------------------------- */

void young_resume(struct young *young)
{
        const struct live_totals *totals = &young->live->totals;

        young->tally = (struct young_tally){ .live_bytes = totals->live_bytes, .peak_bytes = totals->peak_bytes };
}

static void settle_totals(struct young *young)
{
        struct live_totals *totals = &young->live->totals;
        const struct young_tally *tally = &young->tally;

        totals->events += tally->allocations + tally->frees;
        totals->allocations += tally->allocations;
        totals->frees += tally->frees;
        totals->allocated_bytes += tally->allocated_bytes;
        totals->live_blocks += tally->allocations - tally->frees;
        totals->live_bytes = tally->live_bytes;
        totals->peak_bytes = tally->peak_bytes;
        young_resume(young);
}

/* ---- the table ------------------------------------------------------------ */

/* The block of a slot goes to the table, which does not have its address. */
static void push(struct young *young, const struct young_slot *slot)
{
        struct live_cell *cell = live_table_put(&young->live->table, address_of(slot->key));

        if (__builtin_expect(!cell, 0)) {
                young->live->no_memory = true;
                young_count_free(&young->tally, young_body_size(slot->body)); /* keeps the sums true */
                young->live->totals.events--;
                return;
        }
        live_cell_fill(cell, address_of(slot->key), slot->body, young->now_ns);
}

void young_alloc_other(struct young *young, uint64_t head, uint64_t body)
{
        uint64_t address = address_of(head);
        struct live_cell *cell = NULL;

        if (address && young_slot(young, head)->key != (young_key(head) | YOUNG_LIVE))
                cell = live_table_put(&young->live->table, address);
        if (__builtin_expect(cell && !cell->key, 1)) {
                live_cell_fill(cell, address, body, young->now_ns);
                young_count_alloc(&young->tally, young_body_size(body));
                return;
        }
        young_settle(young, address);
        live_alloc(young->live, address, young_body_size(body), young_body_stack(body),
                   (uint32_t)(body >> WEIR_BODY_THREAD_SHIFT), 0, young->now_ns);
        young_resume(young);
}

void young_free_other(struct young *young, uint64_t head)
{
        struct young_slot *slot = young_slot(young, head);
        uint64_t address = address_of(head);
        struct live_entry entry;

        if (__builtin_expect(!live_table_take(&young->live->table, address, &entry), 0)) {
                settle_totals(young);
                live_free(young->live, address);
                young_resume(young);
                return;
        }
        if (__builtin_expect(live_entry_flags(&entry) & BLOCK_INHERITED, 0))
                live_count_freed(young->live, &entry);
        else
                young_count_free(&young->tally, entry.size);
        if (slot->key & YOUNG_LIVE)
                push(young, slot);
        slot->key = young_key(head) | YOUNG_GONE;
}

/* ---- the round ------------------------------------------------------------- */

void young_begin(struct young *young, struct live *live, uint64_t now_ns)
{
        *young = (struct young){ .live = live, .now_ns = now_ns };
        young_resume(young);
}

void young_flush(struct young *young)
{
        for (unsigned i = 0; i < YOUNG_SLOTS; i++) {
                if (young->slots[i].key & YOUNG_LIVE)
                        push(young, &young->slots[i]);
                young->slots[i].key = 0;
        }
        settle_totals(young);
}

void young_settle(struct young *young, uint64_t address)
{
        struct young_slot *slot = young_slot(young, address << WEIR_HEAD_ADDRESS_SHIFT);

        if (address_of(slot->key) == address) {
                if (slot->key & YOUNG_LIVE)
                        push(young, slot);
                slot->key = 0;
        }
        settle_totals(young);
}
