/*
 * findings.h: what is kept of one process between its snapshot and the
 * report: the groups of its graph, free of the graph and of the process's
 * memory.  Stacks stay ids of the process (process_stack expands them);
 * addresses inside modules become (path, ELF address), so that symbols can be
 * looked up later, when nobody waits.
 */
#ifndef WEIR_FINDINGS_H
#define WEIR_FINDINGS_H

#include "../capture/snapshot.h"
#include "../collect/process.h"
#include "../emit/report.h"
#include "../error.h"
#include "../graph/group.h"

/* A place in a module's file; module NULL = none. */
struct finding_place {
        const char *module;
        uint64_t address; /* ELF virtual address */
        bool exact;       /* of code: not a return address */
};

/* What tells the type of a block; see typing.h. */
struct finding_block {
        uint32_t stack; /* 0 = unknown */
        struct finding_place vtable;
        struct finding_place control; /* in a cycle: vtable of the control block that has counted pointers to it */
        uint64_t size;
};

struct finding_step {
        struct finding_block block; /* that the edge leaves */
        uint64_t offset;
        uint64_t held;                /* in a path: the address of the next block, if the word is just that; else 0 */
        struct finding_place counted; /* vtable of the control block when the word may be half of a shared pointer */
        uint64_t member, alike, alike_total; /* see struct report_step */
        enum cut_effect cut;
};

struct finding_reference {
        const char *from;            /* "0x…", "stack of thread 7"; NULL for a global */
        struct finding_place global; /* the variable, when from is NULL; of a stack the function, if it is known */
        uint64_t to;                 /* address of the block it points at */
        uint64_t offset;
        enum strength strength;
        struct finding_block other; /* the block at the other end; nothing is known of a root */
};

struct finding_example {
        uint64_t address;
        struct finding_block block;
        uint32_t thread; /* ordinal, 0 = the first */
        uint64_t reference_count;
        struct finding_reference *referenced_by, *references;
        size_t referenced_by_count, references_count;
};

struct finding_cycle {
        uint64_t blocks, edges, length, break_at_total;
        struct finding_step *path, *break_at;
        size_t path_count, break_at_count;
};

struct finding {
        enum kind kind;
        uint32_t stack;
        struct finding_place vtable;
        uint64_t instances, blocks, bytes, exclusive_blocks, exclusive_bytes;
        struct report_size *sizes;
        size_t size_count;
        size_t *owners; /* indexes in the findings */
        size_t owner_count;
        enum strength weak_strength;
        const char *weak_why;
        struct finding_cycle *cycle; /* NULL but for kind cycle */
        uint32_t *threads;           /* ordinals, ascending, 0 = the first */
        size_t thread_count;
        uint64_t first_ns, last_ns;
        struct finding_example *examples;
        size_t example_count;
};

struct findings {
        struct finding *list;
        size_t count;
        struct report_kind kinds[KIND_COUNT];
        uint64_t shared_blocks, shared_bytes, cycles;

        bool taken; /* the heap was looked at; else kinds are `unknown` and what follows is empty */
        const char *at, *method;
        uint64_t pause_ns, threads, roots_bytes, heap_bytes, blocks, edges;
        const char **limits; /* what could not be looked at */
        size_t limit_count;

        /* What keeps the memory, if it was asked for; with its own memory, for
         * the report to take over. */
        struct report_retained *retained;
        struct report *retained_memory;

        struct report *memory; /* owns all of the above, but for retained */
};

/* The place of an address in a module's file; none when it is in no module.  In
 * the report's memory.  0, or -1 without memory. */
int findings_place(struct report *memory, const struct snapshot *snapshot, uint64_t address,
                   struct finding_place *place);

/* The segment of the module whose data the root is, for its bias; NULL when it
 * is no such root. */
const struct segment *findings_global(const struct snapshot *snapshot, const struct root *root);

/* The word at `offset` of a root: its name, or NULL and the variable; of a
 * stack the function too whose frame it is in, if that is known. */
int findings_root(struct report *memory, const struct snapshot *snapshot, const struct root *root, uint64_t offset,
                  const char **from, struct finding_place *global);

/* A cycle, in the memory of `memory`; NULL without memory. */
struct finding_cycle *findings_cycle(struct report *memory, const struct snapshot *snapshot,
                                     const struct group_cycle *cycle);

/* What the graph says, made independent of it.  Reads no memory of the
 * process.  NULL on failure. */
struct findings *findings_of_groups(const struct groups *groups, const struct graph *graph, struct error *e);

/* The live blocks of a process whose memory could not be asked, grouped by
 * stack, kind `unknown`.  NULL on failure. */
struct findings *findings_of_blocks(const struct block *blocks, size_t count, struct error *e);

/* NULL is allowed. */
void findings_destroy(struct findings *findings);

#endif
