/*
 * group.h: leaks as a person wants them: one entry for each cause, equal
 * structures from one place once, with a count.
 *
 * A group is a set of blocks that are equal in kind, allocation stack, type
 * and, by kind:
 *     definite, cycle   shape (shape.h): what they are made of, however much of
 *                       it there is, so that a hundred lost trees built by the
 *                       same code, or 1000 rings, are one group
 *     indirect          the same owners
 *     possible          the same strength of the weakest link
 *     reachable         nothing more
 * A definite group counts its heads only, a cycle group the members of its
 * cycles; what hangs from them is in `exclusive_*`.  A cycle group's stack and
 * type are those that hold most of its bytes.
 *
 * Sums, checked by the tests:
 *     bytes of the definite, cycle and indirect groups == lost bytes
 *     exclusive_bytes of the definite and cycle groups + shared_bytes == lost bytes
 * (the same for blocks; inherited blocks are in no sum).  `exclusive` is what
 * fixing the whole group frees: all that only its heads reach.
 *
 * Order: by kind as in enum kind, then exclusive bytes, bytes, blocks
 * (greatest first), first allocation, stack.  Never by address.
 */
#ifndef WEIR_GROUP_H
#define WEIR_GROUP_H

#include "graph.h"

/* One reference: the word at `offset` bytes from the start of block or root
 * `from` points at block `to`. */
struct group_reference {
        bool root; /* `from` is an index in snapshot.roots, else a block's id */
        uint64_t from;
        uint64_t offset; /* ROOT_REGISTER: 8 * index of the register word */
        uint64_t to;
        enum strength strength;
        uint64_t vtable; /* in an example: of the block at the other end, as in struct group */
};

struct group_example {
        uint64_t block;                        /* its id */
        uint64_t vtable;                       /* as in struct group */
        uint64_t reference_count;              /* words that point at it, from blocks and roots */
        struct group_reference *referenced_by; /* the first few: roots first, then the oldest blocks */
        size_t referenced_by_count;
        struct group_reference *references; /* the first few, ascending by offset */
        size_t references_count;
};

/* What removing an edge of a cycle does; see breaks.h. */
enum break_how {
        BREAK_NOTHING,  /* not asked */
        BREAK_ALL,      /* leaves no cycle */
        BREAK_ALIKE,    /* leaves no cycle when all edges like it go: the same field (alike.h) */
        BREAK_TOGETHER, /* part of a set without which there is no cycle: all that is told, with those like them */
};

/* An edge of a cycle: the word at `offset` of `block` that points at `to`. */
struct group_step {
        uint64_t block;
        uint64_t vtable; /* of `block`, as in struct group */
        uint64_t offset;
        uint64_t to;
        enum strength strength;
        /* The pointer may be half of a shared pointer: the vtable of its control
         * block, else 0; and the offset of its first word.  See types.h. */
        uint64_t counted, member;
        /* In break_at: what removing it does (of a shared pointer both words);
         * how many such words go, these with them; how many the cycle has. */
        enum break_how how;
        uint64_t alike, alike_total;
};

struct group_cycle {                 /* of the example: the group's first cycle */
        uint64_t blocks, edges;      /* of this one cycle; the group has `instances` of them */
        uint64_t length;             /* steps of the shortest cycle */
        struct group_step *path;     /* its first steps; path[i].to == path[i + 1].block */
        size_t path_count;           /* == length, but for very long ones */
        struct group_step *break_at; /* where to break it (breaks.h); the first of them */
        size_t break_at_count;
        uint64_t break_at_total; /* with those that are not listed */
};

struct group_size {
        uint64_t size, blocks;
};

struct group {
        enum kind kind;
        uint32_t stack;     /* as in struct block */
        uint64_t vtable;    /* value of the blocks' first word where it is a vtable's, else 0; see types.h */
        uint64_t shape;     /* differs where shape differs; no address goes into it */
        uint64_t instances; /* definite: heads; cycle: cycles; else blocks */
        uint64_t blocks, bytes;
        struct group_size *sizes; /* ascending by size */
        size_t size_count;
        uint64_t exclusive_blocks, exclusive_bytes; /* definite and cycle, else 0 */
        size_t *owners;                             /* indirect: indexes of groups, ascending; the first few */
        size_t owner_count;
        uint64_t owner_total;             /* at least so many owners; > 1 = in the shared pool */
        enum strength weak_strength;      /* possible; else STRENGTH_NONE */
        const char *weak_why;             /* possible: one clause, no addresses; else NULL */
        struct group_reference weak_link; /* possible: the first example's weakest link; `to` is what it holds */
        struct group_cycle *cycle;        /* cycle; else NULL */
        uint32_t *threads;                /* ordinals as in struct block, ascending */
        size_t thread_count;
        uint64_t first_ns, last_ns;
        struct group_example *examples; /* the first allocated */
        size_t example_count;
};

struct group_options {
        bool reachable;    /* make groups of the reachable blocks too */
        size_t examples;   /* for each group; default 3 */
        size_t references; /* listed for each example; default 8 */
};

struct groups {
        struct group *list;
        size_t count;
        uint64_t shared_blocks, shared_bytes; /* lost, and held by heads of several groups */
        uint64_t cycles;                      /* components that are cycles, all groups */
        struct report_kind kinds[KIND_COUNT]; /* reachable: blocks and bytes even without its groups */
        struct group_arena *arena;            /* private */
};

/* Groups what graph_analyse found.  `options` may be NULL.  Reads memory: see
 * graph.h.  On failure `groups` holds nothing and need not be released. */
int groups_build(struct groups *groups, const struct graph *graph, const struct group_options *options,
                 struct error *e);
void groups_release(struct groups *groups);

#endif
