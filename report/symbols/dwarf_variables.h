/*
 * dwarf_variables.h: the global variables of one module, and those static to a
 * file, by address, as the units tell them that were read: all but those of
 * compressed debug information that nothing was asked of (see dwarf_index.h).
 */
#ifndef WEIR_DWARF_VARIABLES_H
#define WEIR_DWARF_VARIABLES_H

#include <elfutils/libdw.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct dwarf_index;

struct dwarf_variable {
        uint64_t address; /* as the debug information has it */
        Dwarf_Die die;
};

struct dwarf_variables {
        struct dwarf_variable *list; /* ascending by address */
        size_t count, capacity;
        bool read;
};

/* The variable that begins at an address of the module; false when none is known, and
 * without memory.  The first call visits the top of every unit. */
bool dwarf_variables_find(struct dwarf_index *index, uint64_t address, Dwarf_Die *variable);

void dwarf_variables_deinit(struct dwarf_variables *variables);

#endif
