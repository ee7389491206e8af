/*
 * store.h: the capture file of a run while the run goes on.
 *
 * A store that was not opened ignores all calls, so that nobody needs to ask
 * whether a capture is wanted.  What fails while processes stand still must
 * not keep them: the first error is kept, nothing more is written, and
 * store_finish reports it.
 */
#ifndef WEIR_STORE_H
#define WEIR_STORE_H

#include "../capture/file.h"

struct store {
        struct capture_writer *writer; /* NULL = no capture is wanted */
        bool *written;                 /* by ordinal: a heap of this process is in the file */
        size_t capacity;
        bool failed;
        struct error error;
};

/* Creates or empties the file, before anything runs; path NULL = no capture.
 * `contents`: keep the program's data as it is (see capture/file.h).  0, or
 * -1. */
int store_open(struct store *store, const char *path, bool contents, struct error *e);

/* False when no capture is wanted. */
bool store_wanted(const struct store *store);

/* The process is looked at, perhaps again: what was stored of its heap is
 * void.  Worker thread, as are all up to store_blocks. */
void store_begin(struct store *store, const struct process *process);

/* Around the analysis of a process, see capture/file.h. */
void store_watch(struct store *store, struct snapshot *snapshot);
void store_unwatch(struct store *store);
void store_memory(struct store *store, const struct process *process, struct snapshot *snapshot);
void store_snapshot(struct store *store, const struct process *process, const struct snapshot *snapshot);

/* The blocks of a process that could not be looked at. */
void store_blocks(struct store *store, const struct process *process, const struct block *blocks, size_t count);

/* Writes the rest, once the run is over and `symbols` has named its stacks.  0, or -1 with the first error: the file is
 * not whole then, and store_deinit removes it. */
int store_finish(struct store *store, char *const *command, const struct collector_result *run,
                 struct symbols *symbols, struct error *e);

void store_deinit(struct store *store);

#endif
