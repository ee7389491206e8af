/*
 * elf_table.h: the ELF symbols of one open file, sorted for lookups by
 * address.  Wraps libdwfl's view of it: .symtab of the file or its debug file,
 * else .dynsym, with what .gnu_debugdata adds.
 */
#ifndef WEIR_ELF_TABLE_H
#define WEIR_ELF_TABLE_H

#include <elfutils/libdwfl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct elf_symbol {
        uint64_t start, size; /* [start, start + size); size 0 = unknown */
        uint64_t limit;       /* without a size: the end of its section */
        const char *name;     /* the file's; not empty */
        uint8_t rank;         /* among symbols of the same range the greatest is shown */
};

/* Symbols of one use, ascending by start, size descending, rank descending. */
struct elf_symbols {
        struct elf_symbol *list;
        uint64_t *reach; /* reach[i]: the greatest end of list[0..i] */
        size_t count, capacity;
};

struct elf_table {
        struct elf_symbols functions; /* and labels in code */
        struct elf_symbols variables; /* objects, vtables */
};

/* Reads the module's symbols.  A module without any gives an empty table.
 * Names live as long as the module is reported.  0, or -1 without memory. */
int elf_table_read(struct elf_table *table, Dwfl_Module *module);
void elf_table_deinit(struct elf_table *table);

/* The symbol at an address: the innermost whose size covers it, else the
 * nearest before it without a size, if nothing sized begins or ends between.
 * NULL when there is none. */
const struct elf_symbol *elf_symbol_at(const struct elf_symbols *symbols, uint64_t address);

#endif
