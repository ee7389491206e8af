/*
 * tracing.h: one traced run from the collector to the printed report:
 * what `weir run` and a bare LD_PRELOAD have in common.
 */
#ifndef WEIR_TRACING_H
#define WEIR_TRACING_H

#include "error.h"
#include "options.h"
#include "policy/store.h"
#include "printing.h"
#include "shared.h"

struct tracing_options {
        struct option_size wait; /* seconds, for processes that outlive the command */
        int on_full;             /* enum tracing_on_full */
        bool check_stacks;
        struct option_list only, skip; /* patterns of programs, see collect/choice.h */
        bool trace_all;
        const char *capture;   /* file for the heaps (pattern.h), or NULL */
        bool capture_contents; /* with the program's data in it */
};

enum tracing_on_full { ON_FULL_WAIT, ON_FULL_DROP };

struct run_options {
        struct shared_output output;
        struct shared_policy policy;
        struct tracing_options trace;
};

/* Puts defaults into zeroed options, then those of WEIR_OPTIONS.  0, or -1
 * with ERROR_USAGE. */
int run_options_from_environment(struct run_options *options, struct error *e);

/* What `weir run` does: finds the command, runs it traced, reports and
 * judges.  The exit status, or -1. */
int run_traced(struct run_options *options, char **argv, struct error *e);

/* Opens what the run writes to, before anything runs: the report's
 * forms, with `fallback`, and the capture.  0, or -1; release them with tracing_close either
 * way. */
struct tracing_files {
        struct printing printing;
        struct store store;
        char *capture; /* the file that `store` is written to; NULL: none */
};
int tracing_open(struct tracing_files *files, const struct run_options *options, FILE *fallback, struct error *e);
void tracing_close(struct tracing_files *files);

/* Runs argv traced; writes the report and the capture; judges the report.  Returns the exit
 * status of DESIGN.md's table, or -1.  Does not return when the command died by a
 * signal and the gate passed: weir then dies by the same. */
int tracing_run(const struct run_options *options, char *const *argv, struct tracing_files *files, struct error *e);

/* The same for the session that a preloaded library asked for over `socket`.
 * The report's verdict has no effect but what is printed. */
int tracing_serve(const struct run_options *options, int socket, struct tracing_files *files, struct error *e);

#endif
