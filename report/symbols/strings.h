/*
 * strings.h: a set of strings, each kept once.
 */
#ifndef WEIR_STRINGS_H
#define WEIR_STRINGS_H

#include <stddef.h>

struct strings {
        char **slots; /* open addressing; NULL = free */
        size_t capacity, count;
};

/* The set's own copy of the text, the same pointer each time; lives until
 * strings_deinit.  NULL for NULL and without memory. */
const char *strings_add(struct strings *strings, const char *text);

void strings_deinit(struct strings *strings);

#endif
