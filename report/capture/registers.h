/*
 * registers.h: the registers of a held thread; one file for each machine.
 */
#ifndef WEIR_REGISTERS_H
#define WEIR_REGISTERS_H

#include "../error.h"
#include "machine.h"

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* The first REGISTER_GENERAL words are general registers, each at its place;
 * after them come the words of the vector and other registers that are not
 * zero, in no order worth telling.
 *
 * The stack pointer, the program counter and the thread pointer are not among
 * them: they say where the thread is, not what it holds. */
enum { REGISTER_GENERAL = MACHINE_REGISTERS };

struct registers {
        uint64_t *words;         /* mem_free releases it */
        size_t count;            /* at least REGISTER_GENERAL */
        uint64_t sp, pc;
        uint64_t thread_pointer; /* 0 = the thread has none */
};

/* Reads the registers of `tid`.  Call in the thread that traces it, while it
 * is stopped.  0, or -1 with ERROR_GONE, ERROR_FAILED or ERROR_NO_MEMORY. */
int registers_read(struct registers *registers, pid_t tid, struct error *e);

/* Zeroes every general register that a function call does not preserve, and
 * drops the others, none of which it does: what is left is what the caller of
 * a function may still hold while the function runs. */
void registers_keep_callers(struct registers *registers);

/* The registers by the numbers that DWARF gives them. */
void registers_dwarf(const struct registers *registers, uint64_t out[MACHINE_DWARF_REGISTERS]);

/* The name of word `index` of a ROOT_REGISTER root: "rbx"; "vector register"
 * from REGISTER_GENERAL on. */
const char *register_name(size_t index);

#endif
