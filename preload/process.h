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
};

struct process {
        _Atomic uint32_t mode; /* enum process_mode */
        /* Rings 1..15 are in use; set before a second thread can exist. */
        _Atomic uint32_t parallel;
        int32_t pid;
        uint32_t ring_shift[2]; /* log2 of the records of ring 0, of the others */
        struct weir_control *control;
        struct weir_session *session;
        struct weir_thread *threads;
        struct weir_node *nodes;
        char *notes;
        struct weir_event *events[WEIR_RINGS];
        /* glibc's __libc_single_threaded, which it clears before it makes the
         * first thread, also those that pthread_create is not called for. */
        const char *single;
        uint64_t exit_sp;     /* stack pointer of exit's caller; 0 = exit was not called by name */
        int32_t exit_tid;
        int32_t exit_status;
        _Atomic uint32_t ending; /* a thread has asked for the last snapshot */
};

union process_page {
        struct process process;
        char page[4096];
};
_Static_assert(sizeof(union process_page) == 4096, "wiped by the page");

extern union process_page process_page;
#define process_self (&process_page.process)

/* Starts the process if it is PROCESS_NEW and makes the calling thread known.
 * True when events can be recorded now.  Called with the guard raised.  Keeps
 * errno. */
bool process_enter(void);

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
