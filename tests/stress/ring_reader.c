#include "ring_reader.h"

#include "collect/process.h"

struct reader *reader_create(void *channel, size_t size)
{
        return (struct reader *)process_create(channel, size, 0, NULL);
}

void reader_destroy(struct reader *reader)
{
        process_destroy((struct process *)reader);
}

void reader_drain(struct reader *reader, bool stopped)
{
        (void)drain_run((struct process *)reader, 1, stopped);
}

uint64_t reader_size_at(const struct reader *reader, uint64_t address)
{
        struct live_entry entry = { 0 };

        (void)live_find(&((const struct process *)reader)->live, address, &entry);
        return entry.size;
}

struct reader_totals reader_totals(const struct reader *reader)
{
        const struct process *process = (const struct process *)reader;
        const struct live_totals *totals = &process->live.totals;

        return (struct reader_totals){ totals->events, totals->live_blocks,
                                       totals->unknown_frees + totals->reused + process->garbage +
                                               process->uncommitted };
}
