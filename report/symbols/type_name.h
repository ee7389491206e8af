/*
 * type_name.h: the names of C++ types and functions as demangling writes them:
 * taking them apart, and making them short.
 */
#ifndef WEIR_TYPE_NAME_H
#define WEIR_TYPE_NAME_H

#include <stdbool.h>
#include <stddef.h>

/* A part of a text, not ended by a NUL. */
struct name_part {
        const char *text;
        size_t length;
};

/* Is this all of the part? */
bool name_is(struct name_part part, const char *text);
bool name_begins(struct name_part part, const char *text);

/* Template argument `index` of a name that goes on with them after `skip`
 * characters ("vector<int, …>", skip 7 for what follows the '<'); empty when
 * there are not so many. */
struct name_part name_argument(struct name_part name, size_t skip, size_t index);

/* The qualified name of a function, without what it returns, its parameters
 * and what follows them. */
struct name_part name_of_function(const char *demangled);

/* Shortens a type's name in place: std::string for the template it is, no
 * std::__cxx11, no arguments of templates that say what they would be without
 * (std::allocator, std::char_traits, std::less, std::hash, std::equal_to,
 * std::default_delete of the other arguments), ">>" for "> >". */
void name_shorten(char *name);

#endif
