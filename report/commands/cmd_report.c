#include "command.h"

#include "loading.h"
#include "output.h"
#include "printing.h"
#include "shared.h"

#include <string.h>

struct report_options {
        struct shared_output output;
};

static const struct option_group groups[] = {
        { "Report", shared_output_specs, SHARED_OUTPUT_COUNT, offsetof(struct report_options, output) },
};

static int defaults(void *options, struct error *e)
{
        struct report_options *report_options = options;

        (void)e;
        shared_output_defaults(&report_options->output);
        return 0;
}

static int print_file(const char *file, const struct shared_output *options, FILE *out, struct error *e)
{
        struct report *report = loading_for(file, options, false, e);
        int result;

        if (!report)
                return -1;
        result = printing_report(report, options, out, e);
        report_destroy(report);
        return result;
}

static int print_files(const struct shared_output *options, int count, char **files, struct output *output,
                       struct error *e)
{
        FILE *out = output_stream(output, 0, e);

        if (!out)
                return -1;
        for (int i = 0; i < count; i++)
                if (print_file(files[i], options, out, e))
                        return -1;
        return output_finish(output, e);
}

/* Writing over what is to be read would leave neither. */
static int check_files(const char *output, int count, char **files, struct error *e)
{
        for (int i = 0; output && i < count; i++)
                if (!strcmp(output, files[i]))
                        return error_set(e, ERROR_USAGE, "%s is both read and written", output);
        return 0;
}

static int run(void *options, int argc, char **argv, struct error *e)
{
        const struct report_options *report_options = options;
        struct output output;
        int status;

        if (!argc)
                return error_set(e, ERROR_USAGE, "a report to print is missing: weir report [options] FILE...");
        if (check_files(report_options->output.report, argc, argv, e) ||
            output_init(&output, report_options->output.report, stdout, e))
                return -1;
        status = print_files(&report_options->output, argc, argv, &output, e);
        output_deinit(&output);
        return status;
}

const struct command command_report = {
        .name = "report",
        .arguments = "FILE...",
        .summary = "print a stored report again, in another form",
        .description = "Prints what 'weir run -o FILE' or 'weir run --capture FILE' wrote.\n",
        .groups = groups,
        .group_count = sizeof groups / sizeof groups[0],
        .options_size = sizeof(struct report_options),
        .defaults = defaults,
        .run = run,
};
