/*
 * elf_facts.h: what an executable file says about itself that decides whether
 * the shim can be preloaded into it.  Reads nothing it was not given; the
 * bytes may be hostile.
 */
#ifndef WEIR_ELF_FACTS_H
#define WEIR_ELF_FACTS_H

#include "error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct elf_facts {
        bool elf;              /* begins with the ELF magic; all else is false or 0 if not */
        uint8_t bits;          /* 32 or 64 */
        bool big_endian;
        uint16_t type;         /* ET_EXEC, ET_DYN, ... */
        uint16_t machine;      /* EM_X86_64, ... */
        bool has_interpreter;  /* PT_INTERP: the dynamic loader starts it */
        char interpreter[256]; /* its path, "" when it is longer than that */
        const char *sanitizer; /* "AddressSanitizer", ... when built with one, else NULL; static storage */
        bool own_malloc;       /* defines and exports malloc itself, which precedes any preloaded one */
};

/* Reads the facts from the whole file.  Of a file of another class, byte order
 * or machine only the head is read.  0, or -1 with ERROR_BAD_INPUT when it
 * begins as an ELF file and then makes no sense; the text does not name the
 * file. */
int elf_facts_read(const void *data, size_t size, struct elf_facts *facts, struct error *e);

/* "x86-64", "aarch64", ...; "machine 123" for one without a name, in `buffer`. */
const char *elf_machine_name(uint16_t machine, char *buffer, size_t size);

/* The machine weir itself was built for. */
uint16_t elf_own_machine(void);

#endif
