/*
 * complete.h: shell completion, from the same tables as --help and parsing.
 * completion/weir.bash and completion/_weir ask for it by `weir --complete`.
 */
#ifndef WEIR_COMPLETE_H
#define WEIR_COMPLETE_H

#include "command.h"

#include <stdio.h>

/* Prints the candidates for the last of `words`, which follow `weir` on the
 * line, one a line.  Instead of candidates it may say ":files", where a file is
 * meant, or ":command N", where the words from N on (0 = the first) are a
 * command of its own.  An option that takes a value ends with '='. */
void complete(const struct command *const *commands, size_t command_count, char **words, size_t count, FILE *out);

#endif
