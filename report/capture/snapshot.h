/*
 * snapshot.h: the stopped heap of one process, the one input of the graph.
 *
 * Made by capture/ from a held process, or by hand in tests; read by graph/.
 * Addresses are the process's.  Ranges are half open, [start, end).
 */
#ifndef WEIR_SNAPSHOT_H
#define WEIR_SNAPSHOT_H

#include "../error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum block_flag {
        BLOCK_INHERITED = 1, /* was there when this process was forked: a node, never its leak */
        BLOCK_MAPPING = 2,   /* mapped by the program with mmap, not from the allocator */
        BLOCK_UNREADABLE = 4,/* (set while scanning) contents could not be read */
        BLOCK_ARRAY = 8,     /* from operator new[] */
        BLOCK_IGNORED = 16,  /* the program says that it is no leak: a root holds it (ROOT_IGNORED_NAME) */
        BLOCK_NEW = 32,      /* from operator new */
};

/* One live allocation: [address, address + size), the requested size.
 * As the target of a pointer it is [address, address + max(size, 1)). */
struct block {
        uint64_t address;
        uint64_t size;
        uint64_t time_ns; /* when it was allocated, since the session's start */
        uint32_t stack;   /* index in the process's stack table; 0 = unknown */
        uint32_t thread;  /* ordinal of the allocating thread in the process, 0 = the first */
        uint32_t flags;   /* enum block_flag */
};

/* What a root is; the order is the priority in which a path is told. */
enum root_kind {
        ROOT_GLOBAL,    /* writable data of a module; `module` and address say which */
        ROOT_TLS,       /* static thread-local storage, struct pthread, DTV */
        ROOT_STACK,     /* live stack of a thread, from the stack pointer less the red zone */
        ROOT_REGISTER,  /* `words` of a thread's registers */
        ROOT_UNKNOWN,   /* a writable mapping nobody accounts for: weak */
        ROOT_KINDS
};

/* Name of the root that holds what the program does not want told. */
#define ROOT_IGNORED_NAME "the program's wish to ignore it"

/* A range of the process's memory to scan for pointers, or, for
 * ROOT_REGISTER, values already read. */
struct root {
        enum root_kind kind;
        uint64_t start, end;      /* memory; both 0 for ROOT_REGISTER */
        const uint64_t *words;    /* ROOT_REGISTER: the register words; owned by the snapshot; see register_name */
        size_t word_count;
        const char *name;         /* module path; "thread 3"; owned by the snapshot */
        uint32_t thread;          /* tid, for TLS, STACK, REGISTER */
};

/* A file-mapped range of a module, to tell vtables from other words. */
struct segment {
        uint64_t start, end;
        uint64_t bias;       /* run-time address minus ELF virtual address */
        bool writable, executable;
        const char *path;    /* owned by the snapshot */
};

/* A live frame of a stack: the words in [low, high) are of the function at `pc`
 * or of what it was about to call. */
struct stack_frame {
        uint64_t low, high;
        uint64_t pc;
        bool exact; /* `pc` is where the function was; else it is a return address */
};

/* How to read the process's memory while it is held.  Returns the number of
 * bytes read from the front of the range, 0 when its first byte cannot be
 * read; never more than `size`.  Reads go mostly upwards. */
struct memory {
        size_t (*read)(void *context, uint64_t address, void *buffer, size_t size);
        /* The first address in [address, end) on a page that the process ever
         * wrote, `end` when there is none: lets a reader pass over what was
         * never touched in a huge sparse range.  NULL = every address may be. */
        uint64_t (*next)(void *context, uint64_t address, uint64_t end);
        void *context;
        bool parallel; /* `read` may be called by several threads at once; `next` by one at a time */
};

struct snapshot {
        struct block *blocks; /* ascending by address, no two overlap, but for blocks inside a mapping */
        size_t block_count;
        struct root *roots;
        size_t root_count;
        struct segment *segments; /* ascending by address */
        size_t segment_count;
        struct stack_frame *frames; /* ascending, no two overlap; of the stacks that could be walked */
        size_t frame_count;
        struct memory memory;

        /* Told in the report. */
        const char *at;     /* "exit", "exec", "signal", "request" */
        const char *method; /* "ptrace", ... */
        uint64_t at_ns;     /* since the session's start */
        uint64_t pause_ns;
        size_t threads;     /* threads held */
        uint64_t roots_bytes, heap_bytes;
        char **limits;      /* what could not be looked at; any entry makes the process incomplete */
        size_t limit_count;

        void *owner;        /* capture's own, see snapshot_release */
};

/* The segment, or the frame, that an address is in; NULL when it is in none. */
const struct segment *snapshot_segment(const struct snapshot *snapshot, uint64_t address);
const struct stack_frame *snapshot_frame(const struct snapshot *snapshot, uint64_t address);

#endif
