#include "table.h"

static struct table_entry *slot_of(struct table_entry *entries, uint64_t size, uint64_t key)
{
        uint64_t slot = hash_mix(key, 0) & (size - 1);

        while (entries[slot].used && entries[slot].key != key)
                slot = (slot + 1) & (size - 1);
        return &entries[slot];
}

static int grow(struct table *table)
{
        uint64_t size = table->size ? table->size * 2 : 64;
        struct table_entry *entries = mem_alloc(size, sizeof *entries);

        if (!entries)
                return -1;
        for (uint64_t i = 0; i < table->size; i++) {
                if (table->entries[i].used)
                        *slot_of(entries, size, table->entries[i].key) = table->entries[i];
        }
        mem_free(table->entries);
        table->entries = entries;
        table->size = size;
        return 0;
}

uint64_t *table_put(struct table *table, uint64_t key, bool *fresh)
{
        struct table_entry *entry;

        if (table->count * 2 >= table->size && grow(table))
                return NULL;
        entry = slot_of(table->entries, table->size, key);
        if (fresh)
                *fresh = !entry->used;
        if (!entry->used) {
                *entry = (struct table_entry){ .key = key, .used = true };
                table->count++;
        }
        return &entry->value;
}

const uint64_t *table_get(const struct table *table, uint64_t key)
{
        const struct table_entry *entry;

        if (!table->size)
                return NULL;
        entry = slot_of(table->entries, table->size, key);
        return entry->used ? &entry->value : NULL;
}

void table_free(struct table *table)
{
        mem_free(table->entries);
        *table = (struct table){ 0 };
}
