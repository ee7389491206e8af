/*
 * note.h: rare records of any length (channel.h, "notes").
 */
#ifndef WEIR_NOTE_H
#define WEIR_NOTE_H

#include "channel.h"

#include <stddef.h>

struct note_piece {
        const void *bytes;
        size_t length;
};

/* Sends a note made of `count` pieces, one after the other.  Waits for room as
 * a ring does, and counts a loss when the collector is gone or the note is
 * longer than half the note ring.  Any thread, also in a signal handler; no
 * memory is allocated, errno is kept. */
void note_send(enum weir_note_kind kind, uint64_t a, const struct note_piece *pieces, size_t count);

#endif
