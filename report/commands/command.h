/*
 * command.h: weir's subcommands.
 *
 * To add one: write cmd_NAME.c with `const struct command command_NAME`, list
 * the file in meson.build, and put the command in the table of command.c,
 * which is sorted by name.  It is then dispatched, shown by `weir --help`,
 * and explained by `weir NAME --help` from its own table of options.
 *
 * Commands, and only they and main, print.  An error goes up as a struct
 * error and is printed once, on standard error, as "weir: TEXT".
 */
#ifndef WEIR_COMMAND_H
#define WEIR_COMMAND_H

#include "error.h"
#include "options.h"

#include <stdbool.h>
#include <stddef.h>

/* Exit statuses of weir's own; see also error_exit_status. */
enum exit_code {
        EXIT_GATE_FAILED = 23,
        EXIT_GATE_INCOMPLETE = 24,
};

struct command {
        const char *name;
        const char *arguments;   /* after the options in the usage line */
        const char *summary;     /* one line for `weir --help` */
        const char *description; /* a few lines for `weir NAME --help` */
        const struct option_group *groups;
        size_t group_count;
        size_t options_size;     /* of the struct that the groups describe */
        unsigned flags;          /* enum options_flag */
        bool hidden;             /* not shown: for weir's own use */

        /* Puts the defaults into the zeroed options: 0, or -1.  May be NULL. */
        int (*defaults)(void *options, struct error *e);

        /* Does the work on the operands, which end with a NULL.  Returns the
         * exit status, or -1 with an error for the caller to print. */
        int (*run)(void *options, int argc, char **argv, struct error *e);
};

extern const struct command command_collect;
extern const struct command command_diff;
extern const struct command command_doctor;
extern const struct command command_gate;
extern const struct command command_memcheck;
extern const struct command command_report;
extern const struct command command_run;
extern const struct command command_why;

/* Whether words without a command are for `memcheck`: before the first that is
 * no option stands a long option of Valgrind's. */
bool memcheck_is_meant(int argc, char **argv);

/* Everything that main does: dispatch, --help, --version, --print-schema,
 * printing of errors.  Returns the exit status. */
int command_main(int argc, char **argv);

#endif
