/*
 * own_symbols.h: functions of the main program that it does not export, by its
 * file's full symbol table.
 */
#ifndef WEIR_OWN_SYMBOLS_H
#define WEIR_OWN_SYMBOLS_H

#include <stddef.h>

struct own_symbol {
        const char *name;
        void *address; /* NULL = the program defines none, or is stripped */
};

/* Looks all of them up in one pass over the file.  The file is read with care:
 * it may have been replaced since the program was started.  Makes a handful of
 * system calls; allocates nothing; for the library's constructor. */
void own_symbols_find(struct own_symbol *symbols, size_t count);

#endif
