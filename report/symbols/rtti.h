/*
 * rtti.h: class names from the run-time type information of the Itanium C++
 * ABI, as a file holds it; needs no symbols.
 *
 *     vtable:     … offset to top | address of type info | functions …
 *                                                          ^ an object's first word
 *     type info:  its own vtable | address of the name | …
 */
#ifndef WEIR_RTTI_H
#define WEIR_RTTI_H

#include "elf_image.h"

/* The demangled class of the vtable whose functions begin at `address`, or
 * NULL: no vtable, built without type information, or no memory.  The caller
 * frees it with mem_free. */
char *rtti_class(const struct elf_image *image, uint64_t address);

/* The class in the name of a vtable's symbol (_ZTV…, _ZTC…), likewise. */
char *rtti_class_of_vtable_symbol(const char *linkage_name);

#endif
