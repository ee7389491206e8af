/*
 * dwarf_made.h: what a function most likely made of the memory it asked for.
 *
 * Nothing in debug information says so outright.  What is told here is a class of
 * exactly the block's size that the function has to do with, where there is one
 * alone, by the first of these that has any:
 *
 *     a constructor that it calls in the line of the allocation
 *     the target of a pointer that it declares in that line
 *     the target of one of its other pointers, of what it returns, and of those
 *     that its parameters point at
 *     the target of a member of these and of its parameters
 */
#ifndef WEIR_DWARF_MADE_H
#define WEIR_DWARF_MADE_H

#include "dwarf_index.h"
#include "elf_image.h"

struct dwarf_making {
        struct dwarf_index *index;
        const struct elf_image *code; /* x86-64, where calls can be told; NULL = they are not looked at */
        Dwarf_Die function;           /* see dwarf_index_function */
        uint64_t address;             /* behind the call that asked for the memory */
        uint32_t line;                /* of that */
        uint64_t size;                /* of the block */
};

/* The class, and (`named`) the name for it that the program uses there: itself
 * or a typedef. */
bool dwarf_made_type(const struct dwarf_making *making, Dwarf_Die *type, Dwarf_Die *named);

/* Does it return memory of no type (void *), as functions do that pass on what
 * another one asked for? */
bool dwarf_made_for_others(const Dwarf_Die *function);

#endif
