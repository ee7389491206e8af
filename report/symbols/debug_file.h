/*
 * debug_file.h: one module's file, open, with all that is learnt from it on
 * demand: its ELF symbols, its debug information, its relocated data.
 */
#ifndef WEIR_DEBUG_FILE_H
#define WEIR_DEBUG_FILE_H

#include "../error.h"
#include "dwarf_index.h"
#include "elf_image.h"
#include "elf_table.h"
#include "symbols.h"

struct debug_file {
        Dwfl *dwfl;
        Dwfl_Module *module; /* reported so that addresses are the file's own */
        struct elf_table table;
        struct dwarf_index dwarf;
        struct elf_image image;
        bool has_table, has_dwarf, has_image; /* read, or tried in vain */
};

/* Opens the file if it is the one described.  `callbacks` must live as long as
 * the result.  0, or -1 with ERROR_NO_MEMORY, or with any other code and a
 * message for the user that begins with the path: gone, changed, no ELF file. */
int debug_file_open(struct debug_file *file, const struct symbol_file *wanted, const Dwfl_Callbacks *callbacks,
                    struct error *e);

/* A closed file (zeroed) is allowed. */
void debug_file_close(struct debug_file *file);

/* Each is read when first asked for.  NULL without memory or, for the last
 * two, where the file has none. */
const struct elf_table *debug_file_table(struct debug_file *file);
struct dwarf_index *debug_file_dwarf(struct debug_file *file);
struct elf_image *debug_file_image(struct debug_file *file);

#endif
