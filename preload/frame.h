/*
 * frame.h: the state of a frame, all that a walk outward needs.
 */
#ifndef WEIR_FRAME_H
#define WEIR_FRAME_H

#include <stddef.h>
#include <stdint.h>

/* A frame at the instant its callee returns: `pc` is the return address, `sp`
 * the stack pointer just above the word that holds it, `fp` the frame pointer
 * register (rbp, x29). */
struct frame_state {
        uintptr_t pc;
        uintptr_t sp;
        uintptr_t fp;
};

#if defined(__aarch64__)
#include "arch_aarch64.h"
#else
#include "arch_x86_64.h"
#endif

#ifndef likely
#define likely(x)   __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)
#endif

#endif
