/*
 * printing.h: a report in every form that the output options ask for, each in its
 * place.
 *
 * The main form goes to --report's file, or to standard error or output: JSON
 * in a file, text elsewhere, or what a --format without a file says.  Each
 * --format FORM=FILE is one more.
 */
#ifndef WEIR_PRINTING_H
#define WEIR_PRINTING_H

#include "emit/format.h"
#include "error.h"
#include "output.h"
#include "shared.h"

#include <stdio.h>

struct printing {
        const struct shared_output *options;
        char *root, *root_alias;  /* of source files; the alias may be NULL */
        struct printing_form {
                const struct format *format;
                char *path; /* NULL: that of --report, or the fallback */
                struct output output;
        } forms[1 + OPTION_LIST_MAX]; /* the first is the main one */
        size_t count;
        bool taken; /* something else is printed in place of the main form */
};

/* Makes ready to print: what cannot be written fails now.  `fallback` is
 * for the main form without a file.  0, or -1; release it with printing_close
 * either way. */
int printing_open(struct printing *printing, const struct shared_output *options, FILE *fallback, struct error *e);

/* Empties the files: see output_claim. */
int printing_claim(struct printing *printing, struct error *e);

/* Whether a form goes to the file of that name; "-" is none. */
bool printing_writes(const struct printing *printing, const char *path);

/* The form that can have one report only, or NULL. */
const char *printing_single(const struct printing *printing);

/* The stream of the main form; see output_stream. */
FILE *printing_stream(struct printing *printing, int32_t pid, struct error *e);

/* Prints the report in all forms; `pid` is for %p.  --quiet leaves out what
 * would go to the fallback of a report that failed no gate.  Write errors stay
 * with the streams.  0, or -1. */
int printing_report(struct printing *printing, const struct report *report, int32_t pid, struct error *e);

/* Completes every file: 0, or -1 when any could not be written. */
int printing_finish(struct printing *printing, struct error *e);

void printing_close(struct printing *printing);

#endif
