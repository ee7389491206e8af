/*
 * trail.h: the frames of one walk, innermost first.
 *
 * The array is borrowed; when a walk is deeper it moves to fresh mapped
 * memory, which trail_release gives back.
 */
#ifndef WEIR_TRAIL_H
#define WEIR_TRAIL_H

#include <stdbool.h>
#include <stdint.h>

/* One frame, and what stepping out of it read. */
struct trail_frame {
        uintptr_t pc, sp, fp; /* struct frame_state */
        uintptr_t fp_word;    /* address where the step read the caller's fp; 0: it did not */
        uintptr_t base_word;  /* address where the step read the CFA of a realigned frame; 0: it did not */
        uint16_t rule;        /* rules.h */
        uint8_t flags;        /* enum weir_frame_flag */
        bool live;            /* by limbs_mark_live: fp matters further out */
        uint32_t node;        /* by nodes_intern: its node, and the hash of its path */
        uint32_t hash;
};

struct trail {
        struct trail_frame *frames;
        uint32_t count, capacity;
        bool mapped; /* `frames` is the trail's own */
};

enum { TRAIL_MOST = 1 << 20 }; /* deeper stacks are cut */

/* Makes room for one more frame; false when there is none to be had. */
bool trail_grow(struct trail *trail);

void trail_release(struct trail *trail);

#endif
