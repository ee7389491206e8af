/* A line of options, as WEIR_OPTIONS has it, split and read. */
#include "fuzz.h"

#include "commands/shared.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

struct all {
        struct shared_output output;
        struct shared_policy policy;
};

static const struct option_group groups[] = {
        { "Report", shared_output_specs, SHARED_OUTPUT_COUNT, offsetof(struct all, output) },
        { "Gate", shared_policy_specs, SHARED_POLICY_COUNT, offsetof(struct all, policy) },
};

static void read_words(int argc, char **argv)
{
        struct all all = { 0 };
        struct options_result result;
        struct error e = { 0 };

        if (options_parse(groups, sizeof groups / sizeof groups[0], 0, argc, argv, &all, &result, &e)) {
                if (e.code != ERROR_USAGE || !*e.text)
                        abort();
                return;
        }
        if (result.first < 1 || result.first > argc)
                abort();
        if (!result.help && (shared_policy_kinds(&all.policy) & shared_policy_fail_on(&all.policy)) !=
                                    shared_policy_fail_on(&all.policy))
                abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        enum { WORDS = 200 };
        char *argv[WORDS] = { (char *)"weir" };
        char *line = malloc(size + 1);
        struct error e = { 0 };
        int argc;

        if (!line)
                abort();
        memcpy(line, data, size);
        line[size] = '\0';
        argc = options_split(line, argv, WORDS, &e);
        if (argc > 0)
                read_words(argc, argv);
        else if (e.code != ERROR_USAGE)
                abort();
        free(line);
        return 0;
}
