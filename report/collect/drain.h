/*
 * drain.h: reads one channel: events into the live table, notes into the
 * process.  Everything in the channel is the target's to scribble on, so every
 * length and index is checked and every loop is bounded by the sizes of the
 * checked layout; what makes no sense is counted and passed over.
 *
 * Order: a ring is read in the order of its positions, up to the first record
 * that is not complete.  Rings need no order among themselves, because one
 * address always meets one ring.
 */
#ifndef WEIR_DRAIN_H
#define WEIR_DRAIN_H

#include "../../preload/channel.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct live;
struct process;

/* Where the reader is.  Its own memory: positions in the channel are written
 * for the shim and never read back. */
struct drain {
        uint64_t tails[WEIR_RINGS];
        uint64_t notes_tail;
        uint64_t notes_ns; /* when nothing was left to read of the notes last; any that comes was written later */
        bool parallel;     /* met WEIR_EVENT_PARALLEL: all rings are read */
        bool notes_broken; /* the note ring made no sense: it is read no more */
};

/* Reads what there is, at most one round of each ring, and returns the number
 * of records and notes read.  Times of blocks are `now_ns`.  `stopped`: no
 * thread of the process runs any more; records begun and not finished are
 * passed over and counted in process->uncommitted.  The caller holds
 * process->lock. */
size_t drain_run(struct process *process, uint64_t now_ns, bool stopped);

/* One note's contents, `length` bytes at `data`. */
void drain_note(struct process *process, uint16_t kind, uint64_t a, const void *data, size_t length, uint64_t now_ns);

/* What the child of fork `sequence` inherited, when all rings have come to
 * their marks: moved to `child`.  `partial`: take what there is.  False when it
 * is not complete (or not known) yet.  The caller holds process->lock. */
bool drain_claim(struct process *process, uint32_t sequence, bool partial, struct live *child);

/* Drops what was inherited at forks before `before_ns` and not claimed. */
void drain_drop_clones(struct process *process, uint64_t before_ns);

#endif
