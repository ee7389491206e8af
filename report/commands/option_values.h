/*
 * option_values.h: the texts of options' values, read into what the command
 * keeps.  Every text comes from a command line, WEIR_OPTIONS or a hostile hand.
 */
#ifndef WEIR_OPTION_VALUES_H
#define WEIR_OPTION_VALUES_H

#include "options.h"

/* Stores `text` (not read for a flag) at `to`, as the type of the option says.
 * 0, or -1 with ERROR_USAGE: the option, what it wants, and what it got. */
int option_store(const struct option_spec *spec, void *to, const char *text, struct error *e);

#endif
