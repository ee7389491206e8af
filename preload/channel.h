/*
 * channel.h: the contract between the shim (inside the target) and the
 * collector (in `weir`).  The only header that both programs include, with its
 * parts: channel_stacks.h, channel_events.h, channel_notes.h.
 *
 * One *session* is one memfd, made by the collector, sparse and never linked
 * to a name.  It begins with `struct weir_session`; after it come
 * WEIR_SLOTS *channels* of WEIR_CHANNEL_STRIDE bytes, one for each traced
 * process image (an exec starts a new one).  A channel is laid out as
 *
 *     struct weir_control         WEIR_CONTROL_SIZE bytes
 *     struct weir_thread[]        layout.threads entries
 *     notes                       layout.notes_bytes, a byte ring
 *     struct weir_event[]  ring 0 layout.ring0_records
 *     struct weir_event[]  rings 1..15, layout.ring_records each
 *     struct weir_frame[]         weir_frame_count(), entry 0 unused
 *     struct weir_node[]          layout.nodes entries, entry 0 unused
 *
 * every part starting on a page.  Only touched pages cost memory.
 *
 * Who writes what: the shim writes everything in a channel except the fields
 * marked (collector).  The collector trusts nothing it reads here: the target
 * may have scribbled over it.
 *
 * Memory order: a record, note or node is published by one release store
 * (named at each) and read after an acquire load of the same word.
 *
 * Version: raise WEIR_CHANNEL_VERSION whenever either side would misread the
 * other.  Shim and collector come from one build and refuse anything else;
 * there is no compatibility to keep, because no channel outlives its session.
 */
#ifndef WEIR_CHANNEL_H
#define WEIR_CHANNEL_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "channel_events.h"
#include "channel_notes.h"
#include "channel_stacks.h"

#define WEIR_CHANNEL_MAGIC   UINT64_C(0x314e484352494557) /* "WEIRCHN1" */
#define WEIR_CHANNEL_VERSION 4u

enum {
        WEIR_PAGE = 4096,
        WEIR_SLOTS = 1 << 16,
        WEIR_RINGS = 16,
        WEIR_CONTROL_SIZE = 16 * WEIR_PAGE,
        WEIR_PATH_MAX = 4096,
};

#define WEIR_CHANNEL_STRIDE (UINT64_C(1) << 36)
#define WEIR_SESSION_SIZE   (UINT64_C(1) << 20)

/* Name of the environment variable that leads a new process image to its
 * session: "PID:FD:TOKEN", decimal, decimal, 32 hex digits.  The shim opens
 * /proc/PID/fd/FD, checks magic and token, and otherwise asks the collector
 * for the descriptor at the abstract socket "weir-TOKEN" (SCM_RIGHTS; one
 * byte is sent, one message with one descriptor comes back). */
#define WEIR_SESSION_ENV "WEIR_SESSION"

/* ---- sizes ------------------------------------------------------------- */

/* How a channel is divided.  Every count is a power of two. */
struct weir_layout {
        uint32_t threads;       /* entries of the thread table */
        uint32_t notes_bytes;   /* bytes of the note ring */
        uint32_t ring0_records; /* events in ring 0, WEIR_RING_MIN..WEIR_RING_MAX */
        uint32_t ring_records;  /* events in each of rings 1..15, likewise */
        uint32_t nodes;         /* entries of the stack table, at most 2^WEIR_BODY_STACK_BITS */
};

/* ---- session ----------------------------------------------------------- */

enum weir_session_flag {
        WEIR_SESSION_BARE = 1 << 0,         /* started by a bare LD_PRELOAD: the collector is no ancestor */
        WEIR_SESSION_DROP = 1 << 1,         /* a full ring drops and counts instead of waiting */
        WEIR_SESSION_CHECK_STACKS = 1 << 2, /* compare every stack with libunwind's cursor */
};

enum weir_slot_state {
        WEIR_SLOT_FREE = 0,    /* zeroed, may be claimed by CAS */
        WEIR_SLOT_CLAIMED = 1, /* the shim is setting it up */
        WEIR_SLOT_LIVE = 2,    /* control page valid (release store by the shim) */
        WEIR_SLOT_DONE = 3,    /* (collector) drained; will be hole-punched and freed */
};

/* Which programs are left out.  Each list is patterns one after the other, each
 * with its NUL; an empty one ends it.  `*` stands for any run of characters, `?` for
 * any one; a pattern with a slash is held against the whole path, another one
 * against its last part; of the program's file, and of the name it was run by (of a
 * script its own, not its interpreter's). */
struct weir_choice {
        char only[8192];   /* not empty: what matches none of these is left out */
        char skip[8192];   /* what matches one of these is left out */
        char tools[32768]; /* what matches one of these is left out, but for the command itself */
};

struct weir_session {
        uint64_t magic;
        uint32_t version;
        uint32_t flags; /* enum weir_session_flag */
        uint8_t token[16];
        int32_t collector_pid;
        int32_t collector_fd; /* the session's descriptor number in the collector */
        struct weir_layout layout;
        uint32_t pad0;

        /* Futex; the shim adds 1 and wakes when something needs the
         * collector soon: a new slot, a request, a ring half full while
         * `asleep` is set. */
        _Alignas(128) _Atomic uint32_t bell;
        /* (collector) 1 while it waits on `bell` and nobody need fear that it
         * is draining already; the shim makes it 0 when it wakes it. */
        _Atomic uint32_t asleep;
        /* (collector) Lock word of a robust, process-shared mutex that the
         * collector holds for life: the kernel sets FUTEX_OWNER_DIED
         * (0x40000000) in it when the collector dies. */
        _Alignas(128) _Atomic uint32_t alive;
        uint8_t alive_rest[124];
        /* (collector) Moves at least every 100 ms while the collector runs. */
        _Alignas(128) _Atomic uint64_t heartbeat;

        struct weir_choice choice;
        /* 1 once the first program, the command, was there. */
        _Atomic uint32_t command_came;

        /* Processes that found no free slot or could not map one. */
        _Alignas(128) _Atomic uint32_t refused;
        _Atomic uint32_t slot_hint;              /* where to start looking for a free slot */
        _Atomic uint32_t slot_state[WEIR_SLOTS]; /* enum weir_slot_state */
};
_Static_assert(sizeof(struct weir_session) <= WEIR_SESSION_SIZE, "session header");
_Static_assert(offsetof(struct weir_session, alive) % 8 == 0, "a pthread_mutex_t starts at `alive`");

/* ---- control page ------------------------------------------------------ */

enum weir_state {
        WEIR_STATE_RUNNING = 0,
        /* The shim asks for a snapshot because the process is about to end
         * (`end_how` says how); it waits on the futex `state`. */
        WEIR_STATE_ENDING = 1,
        /* (collector) Snapshot taken or not needed: go on and end. */
        WEIR_STATE_RELEASED = 2,
};

enum weir_end {
        WEIR_END_NONE = 0,
        WEIR_END_EXIT = 1,   /* exit, _exit, quick_exit; end_status = the status */
        WEIR_END_SIGNAL = 2, /* a fatal signal; end_status = its number */
        WEIR_END_EXEC = 3,   /* exec; end_path = the file */
        /* No ends at all: the program asks whether it leaks, and goes on. */
        WEIR_END_CHECK = 4,      /* what is found counts for the answer only */
        WEIR_END_LAST_CHECK = 5, /* what is found is what the report says of the process */
};

/* Losses, by kind: anything not zero makes the report incomplete. */
struct weir_losses {
        _Atomic uint64_t allocations; /* events dropped */
        _Atomic uint64_t releases;
        _Atomic uint64_t mappings;
        _Atomic uint64_t notes;
        _Atomic uint64_t stacks;  /* events recorded without a stack: the stack table is full */
        _Atomic uint64_t threads; /* threads beyond the thread table */
};

struct weir_counters {
        _Atomic uint64_t early_blocks;     /* served by the shim itself before malloc was found */
        _Atomic uint64_t waits;            /* times a producer slept on a full ring */
        _Atomic uint64_t unwind_fallbacks; /* stacks that libunwind itself had to walk */
        _Atomic uint64_t truncated;        /* stacks that could not be walked to their end */
        _Atomic uint64_t checked;          /* CHECK_STACKS: compared, and how many differed */
        _Atomic uint64_t mismatches;
};

/* Positions count records since the channel was made and never wrap;
 * slot = position & (records - 1).  How far they are reserved is the target's
 * own business (process.h): a record that is there says so by its tag. */
struct weir_ring {
        _Alignas(128) _Atomic uint64_t tail; /* (collector) next position to read: all before it are free again */
        _Atomic uint32_t waiters;            /* producers asleep on the futex `drained` */
        _Atomic uint32_t drained;            /* (collector) futex: moves when tail moved and waiters != 0 */
};

struct weir_control {
        uint64_t magic;
        uint32_t version;
        uint32_t slot;
        int32_t pid;               /* as the process sees it */
        int32_t ppid;              /* parent at start, as the process sees it */
        uint32_t parent_slot;      /* forked without exec: the parent's slot + 1; 0 otherwise */
        uint32_t fork_sequence;    /* forked: number of the parent's WEIR_EVENT_FORK; 0 = no mark was made */
        uint64_t start_ns;         /* CLOCK_MONOTONIC */
        struct weir_layout layout; /* as chosen by the shim: smaller than the session's under RLIMIT_AS */
        uint32_t pad1;

        /* What a reader of roots must know of libc's insides. 0 = unknown. */
        uint32_t tls_static_size; /* bytes below the thread pointer, x86-64 */
        uint32_t pthread_size;    /* sizeof (struct pthread), from the thread pointer up */
        uint32_t left_out;        /* 1: nothing is recorded, only execs are told (struct weir_choice) */
        uint64_t shim_start, shim_end; /* libweir.so itself: its data are no roots */

        _Alignas(128) _Atomic uint32_t state; /* enum weir_state; futex */
        _Atomic uint32_t exec_failed;         /* counts endings that were none: execs that came back, checks */
        uint32_t end_how;                     /* enum weir_end */
        int32_t end_status;
        int32_t end_tid; /* thread that ends the process */
        uint32_t pad2;
        uint64_t end_sp;              /* stack of that thread is live from here up */
        _Atomic uint32_t next_thread; /* next entry of the thread table; entry 0 is the first thread */
        _Atomic uint32_t next_node;   /* entries of the stack table in use, from 1 */
        _Atomic uint32_t next_frame;  /* entries of the frame table in use, from 1 */
        uint32_t pad3;
        _Atomic uint32_t fork_sequence_last;
        _Atomic uint32_t parallel;   /* 1 once a second thread may exist: rings 1..15 are in use */
        _Atomic uint32_t turned_off; /* 1: the program wants none of its blocks called a leak */

        /* (collector) The answer to a CHECK, valid when it is released. */
        uint32_t check_failed; /* 1: nobody could look */
        uint64_t check_leaks, check_blocks, check_bytes;

        struct weir_losses lost;
        struct weir_counters counters;

        _Alignas(128) _Atomic uint64_t notes_head; /* bytes reserved */
        _Alignas(128) _Atomic uint64_t notes_tail; /* (collector) bytes read; they are zero again */

        struct weir_ring rings[WEIR_RINGS];

        char end_path[WEIR_PATH_MAX]; /* WEIR_END_EXEC: as given to exec, absolute where the shim could make it so */
        char cwd[WEIR_PATH_MAX];
};
_Static_assert(sizeof(struct weir_control) <= WEIR_CONTROL_SIZE, "control page");

/* ---- threads ----------------------------------------------------------- */

enum weir_thread_flag {
        /* The same thread once more, for what it allocates while its leaks are
         * not to be told (__lsan_disable): bits 8.. are its own number. */
        WEIR_THREAD_QUIET = 1,
};

/* Written once when the thread makes its first event; `tid` last (release).
 * Only `moving` changes later: a thread that is stopped inside realloc has said
 * that the old block is gone and not yet what became of it, so a snapshot taken
 * then keeps the old block. */
struct weir_thread {
        _Atomic int32_t tid;            /* 0 = not there yet */
        uint32_t flags;                 /* enum weir_thread_flag */
        uint64_t stack_low, stack_high; /* its own stack, [low, high); 0 = unknown */
        uint64_t thread_pointer;        /* fs base on x86-64, tpidr_el0 on aarch64 */
        _Atomic uint64_t moving;        /* address of the block whose MOVE has no ALLOC or RESTORE yet; 0 = none */
};
_Static_assert(sizeof(struct weir_thread) == 40, "thread entry");

/* ---- offsets, bit for bit the same on both sides ------------------------ */

static inline uint64_t weir_pages(uint64_t bytes)
{
        return (bytes + WEIR_PAGE - 1) & ~(uint64_t)(WEIR_PAGE - 1);
}

static inline uint64_t weir_channel_offset(uint32_t slot)
{
        return WEIR_CHANNEL_STRIDE * (slot + UINT64_C(1));
}

static inline uint64_t weir_threads_offset(const struct weir_layout *l)
{
        (void)l;
        return WEIR_CONTROL_SIZE;
}

static inline uint64_t weir_notes_offset(const struct weir_layout *l)
{
        return weir_threads_offset(l) + weir_pages((uint64_t)l->threads * sizeof(struct weir_thread));
}

static inline uint32_t weir_ring_records(const struct weir_layout *l, unsigned ring)
{
        return ring ? l->ring_records : l->ring0_records;
}

static inline uint64_t weir_ring_offset(const struct weir_layout *l, unsigned ring)
{
        uint64_t at = weir_notes_offset(l) + weir_pages(l->notes_bytes);

        if (ring)
                at += weir_pages((uint64_t)l->ring0_records * sizeof(struct weir_event)) +
                      (ring - 1) * weir_pages((uint64_t)l->ring_records * sizeof(struct weir_event));
        return at;
}

/* Programs have many times more stacks than places that these pass through. */
static inline uint32_t weir_frame_count(const struct weir_layout *l)
{
        return l->nodes / 8 < 256 ? 256 : l->nodes / 8;
}

static inline uint64_t weir_frames_offset(const struct weir_layout *l)
{
        return weir_ring_offset(l, WEIR_RINGS);
}

static inline uint64_t weir_nodes_offset(const struct weir_layout *l)
{
        return weir_frames_offset(l) + weir_pages((uint64_t)weir_frame_count(l) * sizeof(struct weir_frame));
}

/* Bytes of a whole channel, a multiple of the page. */
static inline uint64_t weir_channel_size(const struct weir_layout *l)
{
        return weir_nodes_offset(l) + weir_pages((uint64_t)l->nodes * sizeof(struct weir_node));
}

/* True when every count is a power of two, at least WEIR_RING_MIN, in the range that keeps a
 * channel inside its stride.  Both sides check before they use a layout. */
static inline bool weir_layout_valid(const struct weir_layout *l)
{
        const uint32_t counts[] = { l->threads, l->notes_bytes, l->ring0_records, l->ring_records, l->nodes };

        for (unsigned i = 0; i < sizeof counts / sizeof counts[0]; i++)
                if (counts[i] < WEIR_RING_MIN || counts[i] > (1u << 28) || (counts[i] & (counts[i] - 1)))
                        return false;
        if (l->ring0_records > WEIR_RING_MAX || l->ring_records > WEIR_RING_MAX ||
            l->nodes > 1u << WEIR_BODY_STACK_BITS)
                return false;
        return l->notes_bytes >= 4 * (WEIR_PATH_MAX + 256) && weir_channel_size(l) <= WEIR_CHANNEL_STRIDE;
}

#endif
