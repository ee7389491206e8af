/*
 * shared.h: the options that several commands have, with their tables.
 */
#ifndef WEIR_SHARED_H
#define WEIR_SHARED_H

#include "options.h"

#include <stdbool.h>
#include <stdint.h>

/* Where the report goes and what it looks like: run, report, gate. */
struct shared_output {
        const char *report;   /* -o; NULL = standard error (run) or standard output */
        struct option_list formats; /* "FORM" or "FORM=FILE" */
        const char *source_root; /* directory that source files are told from; NULL = the working one */
        size_t frames;        /* see format_options; no option */
        bool brief;           /* the same */
        uint32_t kinds;       /* mask of 1 << enum kind */
        bool retained;        /* what keeps the memory */
        bool quiet;
        int color;            /* enum shared_color */
        int progress;         /* enum shared_progress */
        struct option_size limit; /* entries of lists that may be long; 0 = all */
};

enum shared_color { COLOR_AUTO, COLOR_ALWAYS, COLOR_NEVER };
enum shared_progress { PROGRESS_AUTO, PROGRESS_ALWAYS, PROGRESS_NEVER };

/* What a gate asks, and what it is not asked about: run, gate. */
struct shared_policy {
        bool gate;                        /* --gate: fail on definite and cycle */
        uint32_t fail_on;                 /* mask of 1 << enum kind; 0 = not given */
        struct option_limits max_bytes, max_blocks, max_leak_bytes, max_leak_blocks;
        const char *baseline;             /* file name or NULL */
        struct option_growth tolerance;
        bool update_baseline;
        struct option_list suppressions;  /* file names */
        bool strict_suppressions;
        bool no_built_in;
        const char *generate;             /* "weir", "lsan=FILE", ""; NULL = no */
        struct option_list modules, functions; /* --only-module, --only-frame */
};

enum { SHARED_OUTPUT_COUNT = 9, SHARED_POLICY_COUNT = 15 };

extern const struct option_spec shared_output_specs[SHARED_OUTPUT_COUNT];
extern const struct option_spec shared_policy_specs[SHARED_POLICY_COUNT];

/* Defaults: all kinds but reachable and indirect. */
void shared_output_defaults(struct shared_output *output);

/* True when any option asks for a verdict. */
bool shared_policy_asks(const struct shared_policy *policy);

/* The kinds that fail the gate: of --fail-on, or definite and cycle; none where
 * leaks are not asked about. */
uint32_t shared_policy_fail_on(const struct shared_policy *policy);

/* Those, and the kinds with limits of their own: what the gate must be told. */
uint32_t shared_policy_kinds(const struct shared_policy *policy);

/* Whether to colour text that goes to `fd`: --color, then NO_COLOR, then
 * whether it is a terminal that is not "dumb". */
bool shared_color(const struct shared_output *output, int fd);

#endif
