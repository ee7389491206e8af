#include "shared.h"

#include "emit/report.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define OUTPUT(member) offsetof(struct shared_output, member)
#define POLICY(member) offsetof(struct shared_policy, member)

const struct option_spec shared_output_specs[SHARED_OUTPUT_COUNT] = {
        { "report", 'o', OPTION_TEXT, "FILE", "write the report to FILE, as JSON; %p is the process id", OUTPUT(report) },
        { "format", 0, OPTION_CHOICE, "auto|text|json", "its form; auto: JSON in a file, else text", OUTPUT(format) },
        { "kinds", 0, OPTION_KINDS, "KINDS", "list these (all but reachable,indirect), or all", OUTPUT(kinds) },
        { "color", 0, OPTION_CHOICE, "auto|always|never", "colour the text", OUTPUT(color) },
        { "progress", 0, OPTION_CHOICE, "auto|always|never", "show what takes long on standard error", OUTPUT(progress) },
        { "quiet", 'q', OPTION_FLAG, NULL, "print only errors and failed gates", OUTPUT(quiet) },
};

const struct option_spec shared_policy_specs[SHARED_POLICY_COUNT] = {
        { "gate", 0, OPTION_FLAG, NULL, "fail on definite leaks and cycles", POLICY(gate) },
        { "fail-on", 0, OPTION_KINDS, "KINDS", "fail on these kinds", POLICY(fail_on) },
        { "max-bytes", 0, OPTION_SIZE, "N", "of which N bytes may be lost (64K, 2M)", POLICY(max_bytes) },
        { "baseline", 0, OPTION_TEXT, "FILE", "a stored report: what it has does not fail", POLICY(baseline) },
        { "suppressions", 0, OPTION_LIST, "FILE", "leave out what FILE names; may be repeated", POLICY(suppressions) },
};

void shared_output_defaults(struct shared_output *output)
{
        output->kinds = ((1u << KIND_COUNT) - 1) & ~(1u << KIND_REACHABLE) & ~(1u << KIND_INDIRECT);
}

bool shared_policy_asks(const struct shared_policy *policy)
{
        return policy->gate || policy->fail_on || policy->max_bytes.given;
}

uint32_t shared_policy_kinds(const struct shared_policy *policy)
{
        return policy->fail_on ? policy->fail_on : 1u << KIND_DEFINITE | 1u << KIND_CYCLE;
}

bool shared_color(const struct shared_output *output, int fd)
{
        const char *no = getenv("NO_COLOR"), *term = getenv("TERM");

        if (output->color != COLOR_AUTO)
                return output->color == COLOR_ALWAYS;
        if (no && *no)
                return false;
        return isatty(fd) && term && strcmp(term, "dumb");
}
