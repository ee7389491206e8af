/*
 * arch_x86_64.h: what the unwinder must know of the x86-64 psABI.  The seam
 * for another architecture; included through frame.h only.
 */
#ifndef WEIR_ARCH_X86_64_H
#define WEIR_ARCH_X86_64_H

#ifndef __x86_64__
#error "preload/: no call-frame seam for this architecture"
#endif

/* The caller of the function this is written in.  That function must not be
 * inlined itself (a hook never is); asking for its frame address makes the
 * compiler set up rbp, so the saved rbp and the return address are the two
 * words at the frame address. */
#define frame_state_of_caller()                                                                                        \
        ((struct frame_state){                                                                                         \
                .pc = (uintptr_t)__builtin_return_address(0),                                                          \
                .sp = (uintptr_t)__builtin_frame_address(0) + 16,                                                      \
                .fp = *(const uintptr_t *)__builtin_frame_address(0),                                                  \
        })

#endif
