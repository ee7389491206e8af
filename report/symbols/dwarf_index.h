/*
 * dwarf_index.h: the code of one module as its debug information tells it:
 * units by address, functions of a unit by address, and the chain of inlined
 * functions at one.  Wraps libdw; made for many lookups, where libdw would walk
 * a unit for each.
 */
#ifndef WEIR_DWARF_INDEX_H
#define WEIR_DWARF_INDEX_H

#include "dwarf_lean.h"
#include "dwarf_variables.h"

#include <elfutils/libdw.h>
#include <elfutils/libdwfl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Code [start, end) that belongs to item `owner`. */
struct dwarf_range {
        uint64_t start, end;
        size_t owner;
        uint64_t reach; /* the greatest end of this range and those before */
};

/* Ascending by start once settled. */
struct dwarf_ranges {
        struct dwarf_range *list;
        size_t count, capacity;
};

struct dwarf_unit {
        uint64_t offset;               /* of a lean file's unit that was not asked for yet; see `read` */
        bool read;                     /* the DIEs are there */
        Dwarf_Die die;                 /* of the unit: has the line table */
        Dwarf_Die code;                /* the same, or that of its split part: has the functions */
        struct dwarf_ranges functions; /* owner: an index of function_dies */
        Dwarf_Die *function_dies;
        size_t function_count, function_capacity;
        bool walked;
};

struct dwarf_index {
        struct dwarf_unit *units;
        size_t unit_count, unit_capacity;
        struct dwarf_ranges ranges; /* owner: an index of units */
        Dwarf *dwarf;               /* of the whole, once that was read */
        struct dwarf_lean *lean;    /* NULL = the file is not compressed, or of no usual kind */
        Dwfl_Module *module;
        struct dwarf_variables variables;
        uint64_t bias; /* add to an address of the debug information for one of the module */
};

/* One function at an address, innermost first. */
struct dwarf_frame {
        const char *linkage_name; /* NULL = none */
        const char *name;         /* NULL = none */
        const char *file;         /* NULL = unknown */
        const char *directory;    /* that a relative file is in; NULL = unknown, or the file is absolute */
        uint32_t line;            /* 0 = unknown */
        bool inlined;             /* into the next */
};

enum { DWARF_FRAMES_MAX = 256 };

/* Finds the units: those of a lean file until one is asked for that it cannot
 * give.  A module without debug information gives none.  0, or -1
 * without memory. */
int dwarf_index_read(struct dwarf_index *index, Dwfl_Module *module);
void dwarf_index_deinit(struct dwarf_index *index);

/* The frames at an address of the module, at most DWARF_FRAMES_MAX; `count` 0
 * where no unit has it.  A unit that has lines but no function there gives
 * one frame without a name.  Strings live as long as the module is reported.
 * 0, or -1 without memory. */
int dwarf_index_frames(struct dwarf_index *index, uint64_t address, struct dwarf_frame *frames, size_t *count);

/* The function of one of those frames; false when there are not so many, and
 * without memory. */
bool dwarf_index_function(struct dwarf_index *index, uint64_t address, size_t frame, Dwarf_Die *function);

#endif
