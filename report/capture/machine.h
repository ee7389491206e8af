/*
 * machine.h: what a reader of threads must know of the machine: the seam for
 * another one, with registers_MACHINE.c.
 *
 * Thread-local storage comes in two layouts.  On x86-64 it is below the thread
 * pointer, and struct pthread begins there, with the DTV in its second word.
 * On AArch64 it is above a head of two words, of which the first is the DTV, and
 * struct pthread ends at the thread pointer.
 */
#ifndef WEIR_MACHINE_H
#define WEIR_MACHINE_H

#include <stdbool.h>
#include <stdint.h>

#if defined(__x86_64__)

enum {
        MACHINE_REGISTERS = 16, /* general registers that may hold a pointer */
        MACHINE_RED_ZONE = 128, /* bytes below the stack pointer that a leaf function may use */
        MACHINE_DTV = 8,        /* where the address of the DTV is, from the thread pointer */
        MACHINE_TLS_ABOVE = 0,  /* static thread-local storage is above the thread pointer */
        MACHINE_DWARF_REGISTERS = 17, /* that call frame information tells of */
        MACHINE_DWARF_SP = 7,
        MACHINE_DWARF_RETURN = 16,    /* the return address */
};

#elif defined(__aarch64__)

enum {
        MACHINE_REGISTERS = 31,
        MACHINE_RED_ZONE = 0,
        MACHINE_DTV = 0,
        MACHINE_TLS_ABOVE = 1,
        MACHINE_DWARF_REGISTERS = 32,
        MACHINE_DWARF_SP = 31,
        MACHINE_DWARF_RETURN = 30,
};

#else
#error "weir has not been ported to this machine"
#endif

/* Where struct pthread of `size` bytes begins. */
static inline uint64_t machine_descriptor(uint64_t thread_pointer, uint64_t size)
{
        return MACHINE_TLS_ABOVE ? thread_pointer - size : thread_pointer;
}

#endif
