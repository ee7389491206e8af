#include "command.h"

#include "loading.h"
#include "printing.h"
#include "shared.h"

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

static int print_file(const char *file, struct printing *printing, struct error *e)
{
        struct report *report = loading_for(file, printing->options, false, e);
        int result;

        if (!report)
                return -1;
        result = printing_report(printing, report, 0, e);
        report_destroy(report);
        return result;
}

static int print_files(struct printing *printing, int count, char **files, struct error *e)
{
        for (int i = 0; i < count; i++)
                if (print_file(files[i], printing, e))
                        return -1;
        return printing_finish(printing, e);
}

/* Writing over what is to be read would leave neither. */
static int check_files(const struct printing *printing, int count, char **files, struct error *e)
{
        const char *single = printing_single(printing);

        for (int i = 0; i < count; i++)
                if (printing_writes(printing, files[i]))
                        return error_set(e, ERROR_USAGE, "%s is both read and written", files[i]);
        if (count > 1 && single)
                return error_set(e, ERROR_USAGE, "the form '%s' has room for one report: give one FILE", single);
        return 0;
}

static int run(void *options, int argc, char **argv, struct error *e)
{
        const struct report_options *report_options = options;
        struct printing printing;
        int status = -1;

        if (!argc)
                return error_set(e, ERROR_USAGE, "a report to print is missing: weir report [options] FILE...");
        if (!printing_open(&printing, &report_options->output, stdout, e) && !check_files(&printing, argc, argv, e))
                status = print_files(&printing, argc, argv, e);
        printing_close(&printing);
        return status;
}

const struct command command_report = {
        .name = "report",
        .arguments = "FILE...",
        .summary = "print a stored report again, in another form",
        .description = "Prints what 'weir run -o FILE' or 'weir run --capture FILE' wrote.  Forms: text,\n"
                       "json, sarif, junit, tap, github, gitlab, markdown, gcc, valgrind, valgrind-xml.\n",
        .groups = groups,
        .group_count = sizeof groups / sizeof groups[0],
        .options_size = sizeof(struct report_options),
        .defaults = defaults,
        .run = run,
};
