#include "command.h"

#include "shared.h"
#include "target.h"
#include "tracing.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

#define TRACE(member) offsetof(struct tracing_options, member)

static const struct option_spec trace_specs[] = {
        { "skip-exe", 0, OPTION_LIST, "PATTERN", "leave such programs of the tree out", TRACE(skip) },
        { "only-exe", 0, OPTION_LIST, "PATTERN", "leave all others out", TRACE(only), true },
        { "trace-all", 0, OPTION_FLAG, NULL, "do not leave out shells, compilers, make, ...", TRACE(trace_all), true },
        { "wait", 0, OPTION_NUMBER, "SECONDS", "wait for what outlives the command (2)", TRACE(wait), true },
        { "on-full", 0, OPTION_CHOICE, "wait|drop", "what is too fast to follow waits, or loses", TRACE(on_full),
          true },
        { "check-stacks", 0, OPTION_FLAG, NULL, "compare every stack with libunwind's (slow)", TRACE(check_stacks),
          true },
        { "capture", 0, OPTION_TEXT, "FILE", "keep the heaps, for report, gate, diff, why", TRACE(capture) },
        { "capture-contents", 0, OPTION_FLAG, NULL, "with all data of the program in it", TRACE(capture_contents),
          true },
};

static const struct option_group groups[] = {
        { "Report", shared_output_specs, SHARED_OUTPUT_COUNT, offsetof(struct run_options, output) },
        { "Gate", shared_policy_specs, SHARED_POLICY_COUNT, offsetof(struct run_options, policy) },
        { "Tracing", trace_specs, sizeof trace_specs / sizeof trace_specs[0], offsetof(struct run_options, trace) },
};

int run_options_from_environment(struct run_options *options, struct error *e)
{
        enum { WORDS = 200 };
        static char line[16384];
        static char *argv[WORDS];
        const char *text = getenv("WEIR_OPTIONS");
        struct options_result parsed;
        int argc;

        shared_output_defaults(&options->output);
        if (!text)
                return 0;
        if (snprintf(line, sizeof line, "%s", text) >= (int)sizeof line)
                return error_set(e, ERROR_USAGE, "WEIR_OPTIONS is longer than %zu bytes", sizeof line - 1);
        argc = options_split(line, argv, WORDS, e);
        if (argc < 0 || options_parse(groups, sizeof groups / sizeof groups[0], OPTIONS_ONLY, argc, argv, options,
                                      &parsed, e))
                return error_prefix(e, "WEIR_OPTIONS");
        return 0;
}

static int defaults(void *options, struct error *e)
{
        return run_options_from_environment(options, e);
}

/* The files are opened first: they must not keep an earlier report when the
 * command turns out to be one that cannot be traced. */
static int run_checked(struct run_options *options, char **argv, struct tracing_files *files, struct error *e)
{
        char file[PATH_MAX];

        if (target_find(argv[0], getenv("PATH"), file, e) || target_check(file, e))
                return -1;
        return tracing_run(options, argv, files, e);
}

int run_traced(struct run_options *options, char **argv, struct error *e)
{
        struct tracing_files files;
        int status = -1;

        if (!tracing_open(&files, options, stderr, e))
                status = run_checked(options, argv, &files, e);
        tracing_close(&files);
        return status;
}

static int run(void *options, int argc, char **argv, struct error *e)
{
        if (!argc)
                return error_set(e, ERROR_USAGE, "a command to trace is missing: weir run [options] [--] COMMAND [ARG...]");
        return run_traced(options, argv, e);
}

const struct command command_run = {
        .name = "run",
        .arguments = "[--] COMMAND [ARG...]",
        .summary = "trace a command and all it starts; report what leaks",
        .description = "Runs COMMAND with its own input, output and exit status, traces it and all that\n"
                       "it starts, and says what leaked on standard error.  WEIR_OPTIONS gives defaults.\n",
        .groups = groups,
        .group_count = sizeof groups / sizeof groups[0],
        .options_size = sizeof(struct run_options),
        .flags = OPTIONS_STOP,
        .defaults = defaults,
        .run = run,
};
