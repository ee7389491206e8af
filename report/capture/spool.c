#include "spool.h"

#include "../mem.h"

#include <string.h>
#include <unistd.h>

void spool_open(struct spool *spool)
{
        long pages = sysconf(_SC_AVPHYS_PAGES), size = sysconf(_SC_PAGESIZE);

        spool->most = pages > 0 && size > 0 ? (size_t)pages / 4 * (size_t)size : 0;
        spool->open = true;
}

bool spool_add(struct spool *spool, uint32_t kind, uint32_t process, const struct pack *prefix, const void *raw,
               size_t size)
{
        size_t before = prefix ? prefix->size : 0;
        struct spooled *entry;

        if (!spool->open || size + before > spool->most - spool->bytes)
                return false;
        entry = mem_alloc(1, sizeof *entry + before + size);
        if (!entry)
                return false;
        *entry = (struct spooled){ .kind = kind, .process = process, .size = size };
        entry->prefix = (struct pack){ .data = (uint8_t *)(entry + 1), .size = before };
        entry->raw = entry->prefix.data + before;
        if (before)
                memcpy(entry->prefix.data, prefix->data, before);
        if (size)
                memcpy(entry->raw, raw, size);
        if (spool->last)
                spool->last->next = entry;
        else
                spool->first = entry;
        spool->last = entry;
        spool->bytes += before + size;
        return true;
}

struct spooled *spool_take(struct spool *spool)
{
        struct spooled *entry = spool->first;

        if (!entry)
                return NULL;
        spool->first = entry->next;
        if (!spool->first)
                spool->last = NULL;
        spool->bytes -= entry->prefix.size + entry->size;
        return entry;
}

void spool_deinit(struct spool *spool)
{
        for (struct spooled *entry = spool_take(spool); entry; entry = spool_take(spool))
                mem_free(entry);
        spool->open = false;
}
