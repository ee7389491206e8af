/*
 * dwarf_lean.h: debug information whose sections are compressed, opened
 * without what nobody asks for.  libdw inflates every section of a file before
 * the first question; of libc's 10 MB a stack that ends in main needs two
 * units.  Here the sections that no lookup reads are left out, and the greatest,
 * .debug_info, .debug_line and .debug_abbrev, are inflated only as far as the
 * units that are asked for.
 *
 * Only what can be answered from one unit alone: where a unit refers to others,
 * or anything is out of the ordinary, the answer is no, and libdw has to read
 * the whole.
 */
#ifndef WEIR_DWARF_LEAN_H
#define WEIR_DWARF_LEAN_H

#include <elfutils/libdw.h>
#include <elfutils/libdwfl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct dwarf_lean;

/* Code [start, end) of the unit at `offset`, as .debug_aranges tells it. */
struct dwarf_lean_range {
        uint64_t start, end, offset;
};

/* Opens the separate debug file that libdwfl found for the module, or the
 * module's own file.  NULL where it is not compressed, or lacks what it takes, and
 * without memory. */
struct dwarf_lean *dwarf_lean_open(Dwfl_Module *module);
/* NULL is allowed.  What was got from it is gone. */
void dwarf_lean_close(struct dwarf_lean *lean);

/* In the order of the file. */
const struct dwarf_lean_range *dwarf_lean_ranges(const struct dwarf_lean *lean, size_t *count);

/* May a unit that has no range have the address?  Not where there is no code,
 * and not in the linker's own, the procedure linkage table. */
bool dwarf_lean_may_miss(const struct dwarf_lean *lean, uint64_t address);

/* The DIE of the unit at `offset`; false where it cannot be read alone. */
bool dwarf_lean_unit(struct dwarf_lean *lean, uint64_t offset, Dwarf_Die *die);

#endif
