/*
 * options.h: a command's options as a table, used for parsing, for `--help`
 * and for shell completion alike.
 *
 *     struct output_options { const char *report; bool quiet; };
 *
 *     const struct option_spec output_specs[] = {
 *             { "report", 'o', OPTION_TEXT, "FILE", "write the report as JSON", offsetof(struct output_options, report) },
 *             { "quiet", 'q', OPTION_FLAG, NULL, "print nothing", offsetof(struct output_options, quiet) },
 *     };
 *     const struct option_group groups[] = {
 *             { "Output", output_specs, 2, offsetof(struct run_options, output) },
 *     };
 *
 * A value is stored at group.offset + spec.offset of the command's own
 * options struct, which begins zeroed or with the command's defaults.
 * `--name=value` and `--name value`, `-o value` and `-ovalue` mean the same;
 * names are never abbreviated; the last of two equal options wins.  Strings
 * are the caller's argv, not copies.
 */
#ifndef WEIR_OPTIONS_H
#define WEIR_OPTIONS_H

#include "emit/report.h"
#include "error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum option_type {
        OPTION_FLAG,   /* bool */
        OPTION_TEXT,   /* const char *, a word or a file name, never empty */
        OPTION_LIST,   /* struct option_list: may be given several times */
        OPTION_CHOICE, /* int: the index of the value among `value`'s words */
        OPTION_NUMBER, /* struct option_size: a plain number */
        OPTION_LIMIT,  /* struct option_size: a plain number, or "all", which is 0 */
        OPTION_KINDS,  /* uint32_t: a mask of 1 << enum kind from "definite,cycle" or "all" */
        OPTION_MAYBE,  /* const char *: the text behind `=`, "" without one; the next word is not its value */
        OPTION_LIMITS, /* struct option_limits: "4K", "definite=4K,cycle=0", with K, M or G for 2^10, 2^20, 2^30;
                          may be given several times */
        OPTION_GROWTH, /* struct option_growth: "10%", or "4K" for bytes */
};

enum { OPTION_LIST_MAX = 64 };

struct option_list {
        const char *items[OPTION_LIST_MAX];
        size_t count;
};

struct option_size {
        bool given;
        uint64_t value;
};

struct option_limits {
        struct option_size all, kinds[KIND_COUNT];
};

struct option_growth {
        uint32_t percent;
        uint64_t bytes; /* 0 when it is a share */
};

struct option_spec {
        const char *name;  /* without the dashes */
        char letter;       /* the short form, or 0 */
        enum option_type type;
        const char *value; /* "FILE" for the help; for OPTION_CHOICE the words: "auto|always|never" */
        const char *help;  /* one line */
        size_t offset;     /* of the value in the group's struct */
        bool rare;         /* only --help=all shows it */
};

struct option_group {
        const char *title;
        const struct option_spec *specs;
        size_t count;
        size_t offset; /* of the group's struct in the command's struct */
};

enum options_flag {
        OPTIONS_STOP = 1, /* the first word that is no option ends the options (a command follows) */
        OPTIONS_ONLY = 2, /* a word that is no option is an error */
};

/* What `options_parse` found besides values. */
struct options_result {
        int first; /* argv[first..argc) are the operands, in their order */
        bool help; /* --help or -h was given; nothing after it was looked at */
        bool help_all; /* --help=all */
};

/* Parses argv[1..argc) into `into`.  Moves operands to the end of argv.  0, or
 * -1 with ERROR_USAGE and a text that names the option, and the nearest
 * known one when it is unknown. */
int options_parse(const struct option_group *groups, size_t count, unsigned flags, int argc, char **argv, void *into,
                  struct options_result *result, struct error *e);

/* Splits a line of options (an environment variable) at white space; '...' and
 * "..." keep white space, a backslash keeps any one character outside '...'.
 * Words are written over `line`.  argv[0] is left alone; returns argc (1 + the number of words)
 * or -1 when there are more than `max` - 1 words or a quote is not closed. */
int options_split(char *line, char **argv, int max, struct error *e);

/* Prints the groups' options, one a line, `all` or those that are not rare.
 * Returns how many were left out. */
size_t options_print(const struct option_group *groups, size_t count, bool all, FILE *out);

#endif
