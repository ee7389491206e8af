/*
 * arch_aarch64.h: the same seam as arch_x86_64.h, for the AArch64 psABI.
 *
 * A function of AArch64 keeps its return address wherever it likes, so the
 * short rules of rules.h, which want it just below the CFA, hardly ever fit:
 * nearly every stack is walked by the reference.
 */
#ifndef WEIR_ARCH_AARCH64_H
#define WEIR_ARCH_AARCH64_H

#ifndef __aarch64__
#error "preload/: no call-frame seam for this architecture"
#endif

#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <ucontext.h>

/* The caller of the function this is written in.  The frame record {x29, x30}
 * is at the frame address; the stack pointer of the caller is above what else
 * the function keeps there. */
#define frame_state_of_caller()                                       \
        ((struct frame_state){                                        \
                .pc = (uintptr_t)__builtin_return_address(0),         \
                .sp = (uintptr_t)__builtin_dwarf_cfa(),               \
                .fp = *(const uintptr_t *)__builtin_frame_address(0), \
        })

/* Where its fp is kept, while that function runs. */
#define frame_fp_of_caller() ((const uintptr_t *)__builtin_frame_address(0))

/* What tells the frame of the function this is written in, and how far that is
 * below the stack pointer of its caller. */
#define arch_frame_mark() ((uintptr_t)__builtin_dwarf_cfa())
enum { ARCH_MARK_BELOW_SP = 0 };

/* DWARF register numbers, and where the return address is below the CFA. */
enum {
        ARCH_DWARF_FP = 29,
        ARCH_DWARF_SP = 31,
        ARCH_DWARF_RA = 30,
        ARCH_RA_BELOW_CFA = 8,
};

/* x0..x30, sp, pc, as DWARF and libunwind number them, of which a call keeps
 * some; the rest is 0.  At the instruction after the capture they describe the
 * function this is written in. */
enum { ARCH_REGISTERS = 33 };

#define arch_capture(registers)                        \
        __asm__ volatile("stp x19, x20, [%0, 152]\n\t" \
                         "stp x21, x22, [%0, 168]\n\t" \
                         "stp x23, x24, [%0, 184]\n\t" \
                         "stp x25, x26, [%0, 200]\n\t" \
                         "stp x27, x28, [%0, 216]\n\t" \
                         "stp x29, x30, [%0, 232]\n\t" \
                         "mov x9, sp\n\t"              \
                         "str x9, [%0, 248]\n\t"       \
                         "adr x9, .\n\t"               \
                         "str x9, [%0, 256]"           \
                         :                             \
                         : "r"(registers)              \
                         : "x9", "memory")

/* Words of the stack, read as they are now; see arch_x86_64.h. */
typedef uintptr_t arch_word __attribute__((aligned(1), may_alias));

static inline uintptr_t arch_read(const arch_word *address)
{
        uintptr_t value;

        __asm__ volatile("ldr %0, %1" : "=r"(value) : "m"(*address));
        return value;
}

/* Bits of an address that user code can have. */
#define ARCH_ADDRESS_BITS 48

/* libunwind for this machine: the library, and its names for remote targets. */
#define ARCH_LIBUNWIND        "libunwind-aarch64.so.8"
#define ARCH_LIBUNWIND_PREFIX "_Uaarch64_"

/* Bytes of the kernel's signal return code: mov x8, #139; svc #0. */
static inline const uint8_t *arch_sigreturn_code(size_t *length)
{
        static const uint8_t code[] = { 0x68, 0x11, 0x80, 0xd2, 0x01, 0x00, 0x00, 0xd4 };

        *length = sizeof code;
        return code;
}

/* Code without tables is always left to the reference. */
static inline bool arch_linkage_entry(uint64_t word)
{
        (void)word;
        return true;
}

/* So these are never used. */
enum { ARCH_GUESS_REACH = 0x4000, ARCH_GUESS_POPS = 16 };

/* When a handler returns into that code, sp points at the siginfo, and the
 * ucontext is behind it: the offsets of the interrupted registers. */
enum {
        ARCH_SIGNAL_CONTEXT = sizeof(siginfo_t),
        ARCH_SIGNAL_PC = ARCH_SIGNAL_CONTEXT + offsetof(ucontext_t, uc_mcontext.pc),
        ARCH_SIGNAL_SP = ARCH_SIGNAL_CONTEXT + offsetof(ucontext_t, uc_mcontext.sp),
        ARCH_SIGNAL_FP = ARCH_SIGNAL_CONTEXT + offsetof(ucontext_t, uc_mcontext.regs) + 29 * 8,
};

#endif
