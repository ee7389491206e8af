/*
 * capture.h: takes a snapshot of a live process.
 *
 *     struct capture_request request = { .pid = pid, .at = "exit", ... };
 *     struct snapshot snapshot;
 *
 *     if (snapshot_take(&snapshot, &request, &e))
 *             ...                            nothing is held
 *     graph_build(&graph, &snapshot, ...);   reads memory: the process still stands
 *     snapshot_resume(&snapshot);            the process goes on; its memory is out of reach
 *     ...                                    blocks, roots, segments are still there
 *     snapshot_release(&snapshot);
 *
 * Any thread may call these; one thread at a time for one snapshot.
 */
#ifndef WEIR_CAPTURE_H
#define WEIR_CAPTURE_H

#include "ranges.h"
#include "snapshot.h"

#include <sys/types.h>

/* An entry of the channel's thread table. */
struct capture_thread {
        int32_t tid;                    /* as the process sees it */
        uint32_t ordinal;               /* in the process, 0 = the first */
        uint64_t stack_low, stack_high; /* [low, high); 0 = unknown */
        uint64_t thread_pointer;        /* 0 = unknown */
};

struct capture_request {
        pid_t pid;            /* in weir's pid namespace */
        pid_t inner_pid;      /* as the process sees it; 0 = the same */
        const char *at;       /* "exit", "exec", "signal", "request"; static storage */
        uint64_t session_ns;  /* CLOCK_MONOTONIC at the session's start */
        uint64_t patience_ns; /* for a thread that does not stop; 0 = two seconds */

        /* From the control page; 0 = unknown. */
        pid_t end_tid;        /* thread that ends the process, as the process sees it */
        uint64_t end_sp;      /* its stack is live from here up */
        bool end_signal;      /* it runs a handler for a fatal signal: what it was doing is live too */
        uint32_t tls_static_size, pthread_size;
        uint64_t shim_start, shim_end;

        /* The state of the heap.  May be given from the start, or filled in by
         * `after_stop`.
         *
         * Blocks as struct snapshot wants them, from mem_alloc; a successful
         * snapshot_take takes them over, a failed one leaves them alone.  The
         * others stay the caller's and are needed during the call only. */
        struct block *blocks;
        size_t block_count;
        const struct range *own; /* what the allocator mapped for itself, in any order */
        size_t own_count;
        const struct range *roots; /* what the program calls roots itself */
        size_t root_count;
        const struct capture_thread *threads; /* in order of appearance: the last of equal tids is the live one */
        size_t thread_count;

        /* Called once, when all threads stand still and before memory is
         * read: drain what is left in the channel, then fill in the heap's
         * state.  NULL = all is given.  0, or -1 with the error set: the
         * process goes on and snapshot_take fails with it. */
        int (*after_stop)(void *context, struct capture_request *request, struct error *e);
        void *context;
};

/* 0 with the process held; or -1 with nothing held and ERROR_REFUSED (the text
 * says what refused and the cure), ERROR_GONE, ERROR_NO_MEMORY, ERROR_FAILED. */
int snapshot_take(struct snapshot *snapshot, struct capture_request *request, struct error *e);

/* Lets the process go on; afterwards `memory` reads nothing.  Sets pause_ns.
 * Does nothing when it was let go already. */
void snapshot_resume(struct snapshot *snapshot);

/* Copies what the analysis reads and lets the process go on: `memory` reads the
 * copy then, until the release.  False, with everything as it was, where
 * weir's own memory does not suffice for that. */
bool snapshot_copy(struct snapshot *snapshot);

/* Lets the process go on and releases all the snapshot owns.  A zeroed
 * snapshot, and one that was not taken here, are allowed; the latter is left
 * alone. */
void snapshot_release(struct snapshot *snapshot);

#endif
