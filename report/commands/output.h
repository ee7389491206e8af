/*
 * output.h: the file a report goes to.  Opened before the command runs, so
 * that a path that cannot be written fails at once; emptied then as well, so that
 * a report of an earlier run is never taken for this one's.  Written when the
 * report is complete; a full disk is an error that names the file.
 */
#ifndef WEIR_OUTPUT_H
#define WEIR_OUTPUT_H

#include "error.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct output {
        const char *path; /* as given; NULL = `fallback` */
        char *name;       /* with %p and %% replaced; NULL until known */
        FILE *stream;     /* NULL until opened */
        bool owned;       /* `stream` is to be closed */
};

/* Makes ready to write to `path`, or to `fallback` (never closed) when it is
 * NULL.  A name with %p is known only once the process is: then only its
 * directory is checked here.  0, or -1 with ERROR_FAILED. */
int output_init(struct output *output, const char *path, FILE *fallback, struct error *e);

/* The stream to write to, opened now if it was not, with `pid` for %p; NULL on
 * failure. */
FILE *output_stream(struct output *output, int32_t pid, struct error *e);

/* Writes everything out and closes it: 0, or -1 when any byte could not be
 * written. */
int output_finish(struct output *output, struct error *e);

/* Releases an output at any time. */
void output_deinit(struct output *output);

#endif
