/*
 * target.h: which file a command is, and whether weir can trace it.  Looks
 * only at files; runs nothing.
 *
 * Refusals, by code of the error:
 *   ERROR_NOT_FOUND    no such command
 *   ERROR_CANNOT_RUN   not executable, a directory, a script whose interpreter
 *                      is missing or not named, a damaged ELF file, a missing loader
 *   ERROR_UNTRACEABLE  statically linked, setuid, setgid or with file
 *                      capabilities (as far as the caller would gain by
 *                      them), for another machine or word size, built with
 *                      a sanitizer, for musl, or with a malloc of its own
 * Every text names the file, says what is wrong and what to do.
 */
#ifndef WEIR_TARGET_H
#define WEIR_TARGET_H

#include "error.h"

#include <stddef.h>

/* Finds the command as execvp(3) does, with `path` as the value of PATH (NULL:
 * the system's default) and puts the file's name into `file`, whose size is
 * PATH_MAX.  0, or -1 with ERROR_NOT_FOUND or ERROR_CANNOT_RUN. */
int target_find(const char *command, const char *path, char *file, struct error *e);

/* Says whether the file, and what interprets it when it is a script, can be
 * run and traced: 0, or -1 with one of the errors above. */
int target_check(const char *file, struct error *e);

#endif
