/*
 * slurp.h: a whole file into memory.
 */
#ifndef WEIR_SLURP_H
#define WEIR_SLURP_H

#include "../error.h"

#include <stddef.h>

/* The bytes of a file ("-" = standard input), at most `most`; release them with
 * mem_free.  NULL with ERROR_BAD_INPUT: "cannot read PATH: ...", or "PATH is
 * larger than ... bytes: it is no WHAT"; of a device without an end that much is said. */
char *slurp(const char *path, size_t most, const char *what, size_t *length, struct error *e);

/* What errors call the path. */
const char *slurp_name(const char *path);

#endif
