/*
 * process.h: what the shim knows of the process it is in, and how that begins.
 *
 * All of it lives in one page that the kernel wipes in a child of fork
 * (MADV_WIPEONFORK), however the child was made.  A wiped page is a valid
 * state, PROCESS_NEW: the first hook starts the process again, with a channel
 * of its own.  A child that shares memory (vfork) sees the parent's page, and
 * must not change it: process_is_mine() tells.
 */
#ifndef WEIR_PROCESS_H
#define WEIR_PROCESS_H

#include "channel.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

enum process_mode {
        PROCESS_NEW = 0,      /* nothing is known yet; also: just forked */
        PROCESS_STARTING = 1, /* process_start runs; hooks pass through */
        PROCESS_LIVE = 2,     /* events are recorded */
        PROCESS_DROP = 3,     /* the same, and a full ring loses events instead of waiting */
        PROCESS_LOST = 4,     /* the collector died or hangs: events are counted as lost, nothing waits */
        PROCESS_OFF = 5,      /* not traced */
        PROCESS_LEFT_OUT = 6, /* not traced either, but what it runs may be: its execs are told */
};

/* The producers' end of one ring.  Its position is in no shared memory: the
 * collector knows a record by its tag, and would only take the line away. */
struct process_ring {
        _Alignas(128) _Atomic uint64_t position; /* next to reserve */
        /* Records before it may be written without a look at the collector's
         * tail.  0 while the ring was never used, and in a fork child. */
        _Atomic uint64_t limit;
        uint64_t mask; /* records - 1 */
        struct weir_event *events;
};

struct process {
        struct process_ring rings[WEIR_RINGS];
        /* GUARD_OPEN: LIVE, and none of early.c's blocks are in use, so that a
         * thread that is outside of every hook need look no further; else 0. */
        _Atomic uintptr_t plain;
        /* Addresses below it fit an event of 16 bytes; 0 in a fork child. */
        uint64_t address_end;
        _Atomic uint32_t mode; /* enum process_mode */
        /* Rings 1..15 are in use. */
        _Atomic uint32_t parallel;
        int32_t pid;
        struct weir_control *control;
        struct weir_session *session;
        struct weir_thread *threads;
        struct weir_node *nodes;
        struct weir_frame *frames;
        char *notes;
        uint64_t exit_sp; /* stack pointer of exit's caller; 0 = exit was not called by name */
        int32_t exit_tid;
        int32_t exit_status;
        _Atomic uint32_t ending; /* a thread has asked for the last snapshot */
};

union process_page {
        struct process process;
        char page[4096];
};
_Static_assert(sizeof(union process_page) == 4096, "wiped by the page");

extern union process_page process_page __attribute__((visibility("hidden")));
#define process_self (&process_page.process)

/* Not 0 while no second thread can exist: glibc's __libc_single_threaded, which
 * it clears before it makes the first thread, also those that pthread_create is
 * not called for; and 0 once the program makes one by clone, which glibc does not
 * know of.  Never wiped, so that it can always be followed. */
extern const char *process_single __attribute__((visibility("hidden")));

/* Starts the process if it is PROCESS_NEW and makes the calling thread known.
 * True when events can be recorded now.  Called with the guard raised.  Keeps
 * errno. */
bool process_enter(void);

/* None of early.c's blocks are in use any more. */
void process_becomes_plain(void);

/* The collector died, or hangs. */
static inline void process_lose(void)
{
        bool left_out = process_self->mode >= PROCESS_OFF;

        atomic_store(&process_self->mode, left_out ? PROCESS_OFF : PROCESS_LOST);
        atomic_store(&process_self->plain, 0);
}

/* The calling process owns this memory: not a vfork child of its owner. */
bool process_is_mine(void);

/* Before a second thread exists: from here on events go to all rings. */
void process_parallel(void);

/* Before and after a fork: marks every ring in use, so that the child's
 * inherited blocks are known.  The guard is raised inside. */
void process_fork_prepare(void);
void process_fork_parent(void);
void process_fork_child(void);

#endif
