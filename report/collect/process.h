/*
 * process.h: one traced process image, from the moment it claimed its slot to
 * the report.  An exec makes a new image, with the same pid.
 *
 * Threads: the collector's main thread makes and drains processes; the
 * snapshot worker owns the fields marked (worker) from the moment a process is
 * queued until the snapshot callback returns.  What is read from the channel
 * (threads, stacks, events) may be asked for by either, under `lock`, which
 * the functions here take themselves.
 *
 * Strings are owned by the process and never NULL unless said.
 */
#ifndef WEIR_PROCESS_H
#define WEIR_PROCESS_H

#include "../../preload/channel.h"
#include "../capture/snapshot.h"
#include "../emit/report.h"
#include "../error.h"
#include "annotations.h"
#include "drain.h"
#include "live.h"

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A stack node with what its frame says, as in channel.h. */
struct process_node {
        uint64_t pc_module;
        uint32_t parent;
        uint32_t detail;
};

/* One that outlives its channel. */
struct process_kept_node {
        uint32_t index; /* in the stack table */
        struct process_node node;
};

/* A module that stacks may name; kept after it was unloaded. */
struct process_module {
        uint16_t id;         /* as in stack nodes; 1.. */
        uint64_t start, end; /* mapped range, [start, end) */
        uint64_t bias;       /* run-time address minus ELF virtual address */
        uint8_t build_id[WEIR_BUILD_ID_MAX];
        size_t build_id_length; /* 0 = has none */
        char *path;
};

/* One frame of a stack, innermost first. */
struct process_frame {
        uint64_t pc;     /* run-time address */
        uint16_t module; /* id of a process_module; 0 = none known */
        bool exact;      /* look up at pc; otherwise pc is a return address: look up at pc - 1 */
};

struct process_stack {
        enum weir_function function; /* that frames[0] called; WEIR_FN_NONE = unknown */
        bool truncated;              /* the outermost frames are missing */
        size_t count;
        struct process_frame *frames; /* mem_free when done */
};

/* A thread that made an event. */
struct process_thread {
        uint32_t ordinal;               /* 0 = the first thread */
        int32_t tid;                    /* as the process sees it */
        uint64_t stack_low, stack_high; /* its stack, [low, high); 0 = unknown */
        uint64_t thread_pointer;
};

struct process_range {
        uint64_t start, end; /* [start, end) */
};

/* Why a process is given to the snapshot callback. */
enum process_look {
        PROCESS_LOOK_NONE,
        PROCESS_LOOK_ENDING,  /* it asked: it stands still (its other threads may run) until it is released */
        PROCESS_LOOK_REQUEST, /* it runs and goes on afterwards */
        PROCESS_LOOK_DEAD,    /* it is gone without having asked: its blocks are known, not its memory */
};

enum process_state {
        PROCESS_WAITING_FOR_PARENT, /* forked; its inherited blocks are not known yet */
        PROCESS_TRACED,
        PROCESS_QUEUED,   /* for the snapshot worker */
        PROCESS_STANDING, /* looked at, and kept at its end until the report is written */
        PROCESS_RELEASED, /* looked at, told to go on; ends soon, or an exec fails and it is traced again */
        PROCESS_OVER,     /* the image is gone */
};

/* A message for the report. */
struct process_message {
        bool incomplete; /* it makes the report incomplete */
        char *text;
};

/* A program that a child sharing this process's memory (vfork, posix_spawn)
 * was about to run. */
struct process_exec {
        int32_t pid; /* as the process sees it; 0 = unknown */
        uint64_t after_ns; /* it was told after this */
        uint64_t since_ns; /* and read then */
        char *file;
};

/* What a child inherited at one fork: each ring's share is copied when the
 * ring comes to its mark. */
struct process_clone {
        uint32_t sequence;  /* of the fork; > 0 */
        uint32_t rings_met; /* bit r: ring r's share is in `live` */
        uint64_t since_ns;
        struct live live;
};

struct process {
        struct process *next;      /* in order of start */
        struct process *work_next; /* the worker's queues */
        uint32_t ordinal;          /* 0 = the first process of the session */
        uint32_t slot;

        /* pid and ppid are the collector's; inner_pid is what the process sees,
         * different in another pid namespace. */
        int32_t pid, ppid, inner_pid;
        int pidfd; /* -1 once it ended or where it could not be opened */
        char *exe; /* "" = unknown */
        char *cwd; /* at start; "" = unknown */
        uint8_t build_id[WEIR_BUILD_ID_MAX];
        size_t build_id_length;
        char **argv;
        size_t argv_count;
        bool forked; /* without exec: has inherited blocks */
        bool left_out; /* nothing of it is recorded: it is in no report (collector_options.choice) */

        uint64_t start_ns, end_ns; /* since the session's start; end 0 = still runs */
        enum process_state state;

        /* How it ended.  END_RUNNING until it is over. */
        enum end_how end_how;
        int32_t end_status; /* exit status, or signal number */
        bool end_known;     /* false: it is gone and nobody could say how; told as signal 9 */
        char *end_exec;     /* the file an exec put in its place; NULL otherwise */

        /* The channel, while mapped; `lock` guards what is drained from it. */
        struct weir_control *control;        /* its first bytes; NULL once the channel is gone */
        size_t channel_size;                 /* bytes mapped */
        struct weir_layout layout;           /* checked copy */
        uint32_t parent_slot, fork_sequence; /* as in the control page */
        uint32_t execs_failed;               /* as seen last */
        bool dead;                           /* its pidfd said so, or another image took its place */
        bool replaced;                       /* another image took its place */
        bool held;                           /* the worker reads it: nobody else drains it; under `lock` */
        bool unkept;                         /* there was no memory for its stacks; under `lock` */
        pthread_mutex_t lock;
        struct drain drain;
        struct process_clone *clones;
        size_t clone_count, clone_capacity;

        /* What it takes to find the roots; copied from the control page. */
        uint32_t tls_static_size, pthread_size;
        uint64_t shim_start, shim_end;
        /* (worker) The ending as asked for; look says why the callback is called. */
        enum process_look look;
        enum weir_end asked_how; /* WEIR_END_NONE when it did not ask */
        int32_t asked_status;
        int32_t end_tid; /* inner tid of the thread that ends the process; 0 = unknown */
        uint64_t end_sp; /* stack of end_tid is live from here up; 0 = unknown */

        struct live live;
        struct live_totals totals; /* of `live` when it was settled; see process_settle */
        bool settled;
        uint64_t lost_allocations, lost_releases, lost_mappings, lost_notes, lost_stacks, lost_threads;
        uint64_t uncommitted; /* records begun and not finished when it was stopped or died */
        uint64_t garbage;     /* records that made no sense */
        uint64_t early_blocks, waits, unwind_fallbacks, truncated_stacks, checked_stacks, mismatched_stacks;
        uint64_t thread_count; /* entries of the thread table in use */
        uint64_t quiet_count;  /* of them second numbers of a thread, see WEIR_THREAD_QUIET */
        struct annotations annotations;
        bool turned_off; /* the program wants no leak of it told */
        bool checked;    /* findings are those of its own last check, and stay */
        struct process_check {
                bool failed; /* nobody could look */
                uint64_t leaks, blocks, bytes;
        } check; /* (worker) the answer to a check that the program asked for */

        struct process_module *modules;
        size_t module_count, module_capacity;
        struct process_message *messages;
        size_t message_count, message_capacity;
        struct process_exec *execs;
        size_t exec_count, exec_capacity;

        /* Stack nodes kept once the channel is gone: pairs sorted by index. */
        struct process_kept_node *nodes;
        size_t node_count;

        /* The callback's: anything it wants to keep with the process.  The
         * collector never looks at it; see collector.h for when it is dropped. */
        void *findings;
};

/* A process for the channel at `channel`, of which `size` bytes are mapped.
 * Checks the control page, which the target wrote; copies what the fields
 * above say.  `start_ns` is now, since the session's start.  The channel stays
 * the caller's, who unmaps it after process_detach. */
struct process *process_create(void *channel, size_t size, uint64_t start_ns, struct error *e);
/* NULL is allowed. */
void process_destroy(struct process *process);

/* Takes leave of the channel: keeps what reports may still ask for (see
 * process_stack), copies the counters, sets control to NULL. */
void process_detach(struct process *process);

/* Keeps the stacks of all blocks that are live now, in place of those kept
 * before.  Without memory process_detach says so. */
void process_keep_stacks(struct process *process);

/* Drops the live table of a process that is over and was looked at. */
void process_forget_blocks(struct process *process);

/* Expands a stack id; frames from mem_alloc.  Id 0 or one out of range gives
 * count 0.  Callable until process_destroy: once the channel is gone only
 * stacks of blocks that were live at the end are known. */
int process_stack(struct process *process, uint32_t stack, struct process_stack *out, struct error *e);

/* The function that the stack begins with; the caller holds process->lock. */
enum weir_function process_stack_function(const struct process *process, uint32_t stack);

/* The frame of process->nodes[index]. */
struct process_frame process_kept_frame(const struct process *process, size_t index);

/* The module with this id, or NULL. */
const struct process_module *process_module(const struct process *process, uint16_t id);

/* The threads that made events, in order of their ordinals; from mem_alloc. */
int process_threads(struct process *process, struct process_thread **threads, size_t *count, struct error *e);

/* Drains the channel to its end and fixes `totals`.  `stopped`: no thread of
 * the process runs any more, so records begun and not finished never will be;
 * they are counted in `uncommitted`.  To be called by the snapshot callback
 * once all threads are held and before process_blocks. */
int process_settle(struct process *process, bool stopped, struct error *e);

/* True while a thread other than the one that ends the process is inside
 * realloc: its old block is half gone and its new one not known yet.  Held at
 * such a moment, a process is better let go and held again. */
bool process_moving(struct process *process);

/* The live blocks, as struct snapshot wants them; the caller frees the array
 * with mem_free. */
int process_blocks(struct process *process, struct block **blocks, size_t *count, struct error *e);

/* Ranges that the allocator mapped for itself (neither block nor root),
 * ascending; from mem_alloc. */
int process_own_ranges(struct process *process, struct process_range **ranges, size_t *count, struct error *e);

/* Adds a message (printf style); without memory the process becomes inexact. */
void process_tell(struct process *process, bool incomplete, const char *format, ...)
        __attribute__((format(printf, 3, 4)));

#endif
