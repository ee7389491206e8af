/*
 * demangle.h: linkage names as their language writes them: C++ (Itanium ABI),
 * Rust (legacy and v0, without hashes) and D.
 */
#ifndef WEIR_DEMANGLE_H
#define WEIR_DEMANGLE_H

/* The name in the source, or NULL when `name` is not mangled, is damaged or
 * would be over a megabyte long or over a thousand levels deep, or without
 * memory.  Names may have any length and come from anybody.  The caller frees it with mem_free. */
char *demangle(const char *name);

#endif
