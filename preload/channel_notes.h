/*
 * channel_notes.h: the part of channel.h that says what a note is: what is rare,
 * and of any length.
 */
#ifndef WEIR_CHANNEL_NOTES_H
#define WEIR_CHANNEL_NOTES_H

#include <stdatomic.h>
#include <stdint.h>

/* A note is reserved by adding its rounded length to notes_head and waits,
 * like an event, while head - tail would exceed notes_bytes.  It may wrap at
 * the end of the ring.  `commit` is stored last with release:
 * WEIR_NOTE_COMMIT | length.  The collector zeroes what it has read. */
#define WEIR_NOTE_COMMIT UINT32_C(0x80000000)

enum { WEIR_BUILD_ID_MAX = 32 };

enum weir_note_kind {
        WEIR_NOTE_ARGV = 1,         /* text: the arguments, each with its NUL, cut at 4 KiB */
        WEIR_NOTE_EXE = 2,          /* text: what /proc/self/exe names */
        WEIR_NOTE_MODULE = 3,       /* struct weir_note_module, then the path with its NUL */
        WEIR_NOTE_EXEC = 4,         /* a child that shares this memory (vfork, posix_spawn) runs: a = its pid or 0,
                                       text: the file */
        WEIR_NOTE_MESSAGE = 5,      /* text: a diagnostic for the report; a = 1 when it makes the report incomplete */
        WEIR_NOTE_ROOT = 6,         /* struct weir_note_root; a = 1: a root from here on, 0: no more */
        WEIR_NOTE_SUPPRESSIONS = 7, /* text: the next piece of the program's own suppressions */
        WEIR_NOTE_OPTIONS = 8,      /* text: what __lsan_default_options says */
};

struct weir_note {
        _Atomic uint32_t commit; /* WEIR_NOTE_COMMIT | bytes of this struct and what follows, a multiple of 8 */
        uint16_t kind;           /* enum weir_note_kind */
        uint16_t pad;
        uint64_t a;
};
_Static_assert(sizeof(struct weir_note) == 16, "note");

/* A module, sent before any node names its id.  An id is never used again for
 * another module; a module mapped again at the same place with the same
 * build-id and path keeps its id. */
struct weir_note_module {
        uint64_t start, end; /* mapped range, [start, end) */
        uint64_t bias;       /* add to an ELF virtual address for a run-time address (l_addr) */
        uint16_t id;         /* 1..65535 */
        uint16_t build_id_length;
        uint32_t pad;
        uint8_t build_id[WEIR_BUILD_ID_MAX];
};

struct weir_note_root {
        uint64_t start, size;
};

#endif
