/*
 * output.h: a file that a form of the report goes to.
 *
 * A regular file is written beside its name and renamed when it is complete
 * (emit/save.h): nobody ever reads half of it, and a full disk leaves it as it
 * was.  Pipes, devices, and what is open already (/dev/stdout, or "-", /dev/stderr,
 * /dev/fd/N) are written to.
 */
#ifndef WEIR_OUTPUT_H
#define WEIR_OUTPUT_H

#include "emit/save.h"
#include "error.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct output {
        const char *path; /* as given; NULL = the fallback */
        char *name;       /* with %p and %% replaced; NULL until known */
        FILE *stream;     /* NULL until opened */
        bool owned;       /* `stream` is to be closed */
        bool saving;      /* `stream` is that of `save` */
        bool claimed;     /* the file is ours, made by output_claim and empty as yet */
        struct save save;
};

/* Whether two names are those of one file, there already or still to be made.  What is
 * open already may have several names: only equal ones are the same. */
bool output_is_same(const char *a, const char *b);

/* Makes ready to write to `path`, or to `fallback` (never closed) when it is
 * NULL, and fails at once when that cannot be.  Of a name with %p, which is known only once
 * the process is, only the directory is checked.  0, or -1 with ERROR_FAILED. */
int output_init(struct output *output, const char *path, FILE *fallback, struct error *e);

/* Empties a regular file before something long begins, so that a report of an earlier
 * run is never taken for this one's; one that was not there is made, and goes again
 * when the output is released unfinished.  0, or -1. */
int output_claim(struct output *output, struct error *e);

/* The stream to write to, opened now if it was not, with `pid` for %p; NULL on
 * failure. */
FILE *output_stream(struct output *output, int32_t pid, struct error *e);

/* Writes everything out and completes the file: 0, or -1 when any byte could not be
 * written. */
int output_finish(struct output *output, struct error *e);

/* Releases an output at any time; what was not finished is taken back. */
void output_deinit(struct output *output);

#endif
