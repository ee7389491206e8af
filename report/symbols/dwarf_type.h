/*
 * dwarf_type.h: types as debug information tells them: which type a function
 * or a class is about, and what is at an offset of one.  Wraps libdw.
 */
#ifndef WEIR_DWARF_TYPE_H
#define WEIR_DWARF_TYPE_H

#include <elfutils/libdw.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The first template argument of a function or, where it has none, of the
 * class it is a member of: a complete type.  False when there is none. */
bool dwarf_type_argument(Dwarf_Die *function, Dwarf_Die *type);

/* Turns a class into what its first template argument points at. */
bool dwarf_type_pointed(Dwarf_Die *type);

/* The class that a function is a member of. */
bool dwarf_type_of_member(Dwarf_Die *function, Dwarf_Die *type);

/* Is it a class, structure or union? */
bool dwarf_type_is_class(Dwarf_Die *type);

/* The declaration that a DIE is an instance of; itself where it is none. */
Dwarf_Die dwarf_type_origin(const Dwarf_Die *die);

/* The type that a variable, a parameter, a member or (what it returns) a function
 * is declared with. */
bool dwarf_type_declared(Dwarf_Die *die, Dwarf_Die *type);

/* The type without names for it, const and the like. */
bool dwarf_type_stripped(const Dwarf_Die *type, Dwarf_Die *stripped);

/* What a pointer points at, as it is declared but for const and the like. */
bool dwarf_type_target(const Dwarf_Die *pointer, Dwarf_Die *type);

/* Is it of a unit in C, which has no scopes and no members but data? */
bool dwarf_type_in_c(Dwarf_Die *die);

/* Its size in bytes; 0 = unknown. */
uint64_t dwarf_type_size(Dwarf_Die *type);

/* The name of a type with the namespaces and classes around it, of mem_alloc;
 * NULL when it has none, and without memory. */
char *dwarf_type_name(Dwarf_Die *type);

/* The name that a program uses for a class: `named` is itself or a typedef.  In C
 * with its keyword: "struct node".  Likewise. */
char *dwarf_type_used_name(Dwarf_Die *type, Dwarf_Die *named);

/* A member. */
struct dwarf_field {
        char *path;     /* "owner_.lock", "base::child", "items[3].next", of mem_alloc */
        Dwarf_Die type; /* its own */
        bool of_union;  /* others may be there */
};

/* The pointer, or the standard library's class with one, at an offset of the
 * type, or of an array of it (`array`).  What the library's own containers have
 * inside is not told apart; of unions the first member that has something
 * there.  False when there is nothing of the kind, and without memory. */
bool dwarf_type_field(Dwarf_Die *type, bool array, uint64_t offset, struct dwarf_field *field);

#endif
