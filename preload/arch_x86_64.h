/*
 * arch_x86_64.h: what the unwinder must know of the x86-64 psABI.  The seam
 * for another architecture; included through frame.h only.
 */
#ifndef WEIR_ARCH_X86_64_H
#define WEIR_ARCH_X86_64_H

#ifndef __x86_64__
#error "preload/: no call-frame seam for this architecture"
#endif

#include <stdbool.h>
#include <string.h>
#include <ucontext.h>

/* The caller of the function this is written in.  That function must not be
 * inlined itself (a hook never is); asking for its frame address makes the
 * compiler set up rbp, so the saved rbp and the return address are the two
 * words at the frame address. */
#define frame_state_of_caller()                                       \
        ((struct frame_state){                                        \
                .pc = (uintptr_t)__builtin_return_address(0),         \
                .sp = (uintptr_t)__builtin_frame_address(0) + 16,     \
                .fp = *(const uintptr_t *)__builtin_frame_address(0), \
        })

/* Where its fp is kept, while that function runs. */
#define frame_fp_of_caller() ((const uintptr_t *)__builtin_frame_address(0))

/* What tells the frame of the function this is written in, and how far that is
 * below the stack pointer of its caller. */
#define arch_frame_mark() ((uintptr_t)__builtin_frame_address(0))
enum { ARCH_MARK_BELOW_SP = 16 };

/* DWARF register numbers, and where the return address is below the CFA. */
enum {
        ARCH_DWARF_FP = 6,
        ARCH_DWARF_SP = 7,
        ARCH_DWARF_RA = 16,
        ARCH_RA_BELOW_CFA = 8,
};

/* The registers that DWARF numbers 0..16, of which a call keeps some; the
 * rest is 0.  At the instruction after the capture they describe the function
 * this is written in. */
enum { ARCH_REGISTERS = 17 };

#define arch_capture(registers)                     \
        __asm__ volatile("movq %%rbx, 24(%0)\n\t"   \
                         "movq %%rbp, 48(%0)\n\t"   \
                         "movq %%rsp, 56(%0)\n\t"   \
                         "movq %%r12, 96(%0)\n\t"   \
                         "movq %%r13, 104(%0)\n\t"  \
                         "movq %%r14, 112(%0)\n\t"  \
                         "movq %%r15, 120(%0)\n\t"  \
                         "leaq 0(%%rip), %%rcx\n\t" \
                         "movq %%rcx, 128(%0)"      \
                         :                          \
                         : "r"(registers)           \
                         : "rcx", "memory")

/* Words of the stack, read as they are now.  In assembly, because they may
 * belong to variables of the program's frames, of which the compiler and
 * AddressSanitizer know that nobody else reads them. */
typedef uintptr_t arch_word __attribute__((aligned(1), may_alias));

static inline uintptr_t arch_read(const arch_word *address)
{
        uintptr_t value;

        __asm__ volatile("movq %1, %0" : "=r"(value) : "m"(*address));
        return value;
}

/* Bits of an address that user code can have. */
#define ARCH_ADDRESS_BITS 47

/* libunwind for this machine: the library, and its names for remote targets. */
#define ARCH_LIBUNWIND        "libunwind-x86_64.so.8"
#define ARCH_LIBUNWIND_PREFIX "_Ux86_64_"

/* Bytes of the C library's signal return code: mov $15, %rax; syscall. */
static inline const uint8_t *arch_sigreturn_code(size_t *length)
{
        static const uint8_t code[] = { 0x48, 0xc7, 0xc0, 0x0f, 0x00, 0x00, 0x00, 0x0f, 0x05 };

        *length = sizeof code;
        return code;
}

/* Whether `word` begins an entry of a procedure linkage table (jmp through
 * memory; push $imm), the one kind of code that the reference knows by its
 * bytes when it has no tables. */
static inline bool arch_linkage_entry(uint64_t word)
{
        return (word & UINT64_C(0x00ff00000000ffff)) == UINT64_C(0x00680000000025ff);
}

/* A frame whose code has no tables is taken to keep its frame pointer: {fp,
 * return address} at fp, unless fp is further above sp than this. */
enum { ARCH_GUESS_REACH = 0x4000, ARCH_GUESS_POPS = 16 };

/* When a handler returns into that code, sp points at the ucontext: the
 * offsets of the interrupted registers in it. */
enum {
        ARCH_SIGNAL_PC = offsetof(ucontext_t, uc_mcontext.gregs) + REG_RIP * 8,
        ARCH_SIGNAL_SP = offsetof(ucontext_t, uc_mcontext.gregs) + REG_RSP * 8,
        ARCH_SIGNAL_FP = offsetof(ucontext_t, uc_mcontext.gregs) + REG_RBP * 8,
};

#endif
