/*
 * save.h: writes a file so that nobody ever sees half of it.  A regular file
 * (or a new one) is written beside its name and renamed when complete; the
 * old one stays until then.  What is no regular file (a pipe, a terminal,
 * /dev/full) is written to directly, and so is a file in a directory that cannot
 * be: that one is empty when it could not be written whole.
 *
 *     struct save save;
 *
 *     if (save_begin(&save, "report.json", e))
 *             return -1;
 *     fputs("text", save.out);
 *     return save_finish(&save, e);
 */
#ifndef WEIR_SAVE_H
#define WEIR_SAVE_H

#include "../error.h"

#include <stdio.h>

struct save {
        FILE *out;
        char *path;      /* the file, with symbolic links followed */
        char *temporary; /* what is renamed to it; NULL when written directly */
};

/* 0, or -1 with ERROR_FAILED: "cannot write PATH: ..." */
int save_begin(struct save *save, const char *path, struct error *e);

/* Completes the file, or takes back what was written: 0, or -1 with the file
 * as it was.  `save` is released either way. */
int save_finish(struct save *save, struct error *e);

/* Takes everything back. */
void save_cancel(struct save *save);

#endif
