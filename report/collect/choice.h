/*
 * choice.h: which programs of the tree are traced and which are left out.
 *
 * What builds and tests programs is seldom what somebody wants to test: without
 * another choice the tools of the system (shells, compilers, linkers, what
 * scripts are made of, in /usr/bin and the like) are left out wherever the command
 * runs them, and make, ninja, ctest and their like also when they are the command.
 * A program of the same name that was built elsewhere is traced.
 */
#ifndef WEIR_CHOICE_H
#define WEIR_CHOICE_H

#include "../../preload/channel.h"
#include "../error.h"

#include <stdbool.h>
#include <stddef.h>

struct choice {
        const char *const *only, *const *skip; /* patterns, see struct weir_choice */
        size_t only_count, skip_count;
        bool all; /* leave out no tools; nor are they where `only` chooses */
};

/* Writes it where every program of the session reads it.  0, or -1 with
 * ERROR_USAGE when the patterns are too many or too long. */
int choice_write(const struct choice *choice, struct weir_choice *to, struct error *e);

#endif
