/*
 * format.h: the forms a report can be printed in, by name.
 */
#ifndef WEIR_FORMAT_H
#define WEIR_FORMAT_H

#include "report.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct format_options {
        uint32_t kinds;   /* mask of 1 << enum kind: which leaks to list; json lists all */
        bool retained;    /* text: what keeps the memory; json has it whenever the report has */
        bool color;       /* text only */
        size_t limit;     /* text: list at most so many leaks, sites, ...; 0 = all */
        const char *root; /* absolute path of the directory that source paths are told from, or NULL */
        const char *root_alias; /* another path of the same directory, or NULL */
        size_t frames;    /* valgrind: at most so many frames of a stack; 0 = all */
        bool brief;       /* valgrind: only what is wrong */
};

enum { FORMAT_LIMIT = 20 }; /* the default of `limit` */

/* Whether the options ask for leaks of this one's kind. */
static inline bool format_lists(const struct format_options *options, const struct report_leak *leak)
{
        return options->kinds & 1u << leak->kind;
}

struct format {
        const char *name;
        const char *summary; /* one line */
        /* Prints all of it; write errors stay with the stream. */
        void (*write)(const struct report *report, const struct format_options *options, FILE *out);
        bool single;         /* a file can have no more than one report */
};

/* All kinds but reachable and indirect, no colour, FORMAT_LIMIT. */
struct format_options format_defaults(void);

/* Every format, ending with one whose name is NULL. */
extern const struct format formats[];

/* The format of that name, or NULL. */
const struct format *format_find(const char *name);

#endif
