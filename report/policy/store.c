#include "store.h"

#include "../mem.h"

int store_open(struct store *store, const char *path, bool contents, struct error *e)
{
        *store = (struct store){ 0 };
        if (!path)
                return 0;
        store->writer = capture_writer_create(path, e);
        if (!store->writer)
                return -1;
        if (!contents)
                capture_writer_filter(store->writer);
        return 0;
}

static bool writes(const struct store *store)
{
        return store->writer && !store->failed;
}

bool store_wanted(const struct store *store)
{
        return store->writer;
}

/* Takes note of a call's result. */
static void note(struct store *store, int result)
{
        if (result)
                store->failed = true;
}

static void mark(struct store *store, const struct process *process)
{
        size_t before = store->capacity;

        if (mem_grow(&store->written, &store->capacity, (size_t)process->ordinal + 1, sizeof *store->written)) {
                note(store, error_no_memory(&store->error, "writing the capture file"));
                return;
        }
        for (size_t i = before; i < store->capacity; i++)
                store->written[i] = false;
        store->written[process->ordinal] = true;
}

static bool is_marked(const struct store *store, const struct process *process)
{
        return process->ordinal < store->capacity && store->written[process->ordinal];
}

void store_begin(struct store *store, const struct process *process)
{
        if (!writes(store) || !is_marked(store, process))
                return;
        store->written[process->ordinal] = false;
        note(store, capture_writer_forget(store->writer, process, &store->error));
}

void store_watch(struct store *store, struct snapshot *snapshot)
{
        if (writes(store))
                note(store, capture_writer_watch(store->writer, snapshot, &store->error));
}

void store_unwatch(struct store *store)
{
        if (store->writer)
                capture_writer_unwatch(store->writer);
}

void store_memory(struct store *store, const struct process *process, struct snapshot *snapshot)
{
        if (!writes(store))
                return;
        mark(store, process);
        note(store, capture_writer_memory(store->writer, process, snapshot, &store->error));
}

void store_snapshot(struct store *store, const struct process *process, const struct snapshot *snapshot)
{
        if (writes(store))
                note(store, capture_writer_snapshot(store->writer, process, snapshot, &store->error));
}

void store_blocks(struct store *store, const struct process *process, const struct block *blocks, size_t count)
{
        if (!writes(store))
                return;
        mark(store, process);
        note(store, capture_writer_blocks(store->writer, process, blocks, count, &store->error));
}

int store_finish(struct store *store, char *const *command, const struct collector_result *run,
                 struct symbols *symbols, struct error *e)
{
        if (!store->writer)
                return 0;
        /* Void since an exec failed, and never looked at again. */
        for (const struct process *p = run->processes; p; p = p->next)
                if (!p->findings)
                        store_begin(store, p);
        if (writes(store))
                note(store, capture_writer_names(store->writer, symbols, &store->error));
        if (writes(store))
                note(store, capture_writer_finish(store->writer, command, run, &store->error));
        if (!store->failed)
                return 0;
        *e = store->error;
        return -1;
}

void store_deinit(struct store *store)
{
        capture_writer_destroy(store->writer);
        mem_free(store->written);
        *store = (struct store){ 0 };
}
