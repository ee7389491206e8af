/*
 * A random walk over a tree of calls whose functions are spread over the
 * program and two libraries, in C and C++.
 *
 * A node of the tree is one stack: the same node is always reached through the
 * same functions.  walk_visit() makes a pair of malloc and free at the levels
 * WALK_UPPER and WALK_LEVELS and calls the functions of the next level, which
 * call walk_visit() in their turn.
 */
#pragma once

#ifdef __cplusplus
extern "C" {
#endif

enum {
        WALK_LEVELS = 14,   /* two frames or more each */
        WALK_UPPER = 10,    /* 4^5 nodes here and 4^6 at the end: 5120 stacks */
        WALK_BRANCHES = 12, /* every second level up to this one has four children */
};

struct walk {
        unsigned long left; /* pairs still to make */
        unsigned long random;
};

typedef void walk_step(struct walk *walk, unsigned int level, unsigned long node);

void walk_visit(struct walk *walk, unsigned int level, unsigned long node);

/* In C: a plain frame, alloca, a realigned frame, a callback of qsort. */
walk_step walk_c_plain, walk_c_alloca, walk_c_aligned, walk_c_qsort;

/* In C++: a frame with a destructor to run, one with a handler, a virtual call. */
walk_step walk_cxx_destructor, walk_cxx_handler, walk_cxx_virtual;

#ifdef __cplusplus
}
#endif
