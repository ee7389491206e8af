#include "shared.h"

#include "emit/format.h"
#include "emit/kinds.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define OUTPUT(member) offsetof(struct shared_output, member)
#define POLICY(member) offsetof(struct shared_policy, member)

const struct option_spec shared_output_specs[SHARED_OUTPUT_COUNT] = {
        { "report", 'o', OPTION_TEXT, "FILE", "write the report to FILE, as JSON; %p: its pid", OUTPUT(report) },
        { "format", 0, OPTION_LIST, "FORM[=FILE]", "its form; with FILE, one more; repeatable", OUTPUT(formats) },
        { "source-root", 0, OPTION_TEXT, "DIR", "tell source files from DIR (here)", OUTPUT(source_root), true },
        { "kinds", 0, OPTION_KINDS, "KINDS", "list these (not reachable,indirect), or all", OUTPUT(kinds) },
        { "retained", 0, OPTION_FLAG, NULL, "also show what keeps memory, and cycles in use", OUTPUT(retained) },
        { "limit", 0, OPTION_LIMIT, "N|all", "list N leaks, sites, types, ... (20)", OUTPUT(limit), true },
        { "color", 0, OPTION_CHOICE, "auto|always|never", "colour the text", OUTPUT(color), true },
        { "progress", 0, OPTION_CHOICE, "auto|always|never", "show what takes long", OUTPUT(progress), true },
        { "quiet", 'q', OPTION_FLAG, NULL, "print only errors and failed gates", OUTPUT(quiet) },
};

const struct option_spec shared_policy_specs[SHARED_POLICY_COUNT] = {
        { "gate", 0, OPTION_FLAG, NULL, "fail on definite leaks and cycles", POLICY(gate) },
        { "fail-on", 0, OPTION_KINDS, "KINDS", "fail on these kinds", POLICY(fail_on) },
        { "max-bytes", 0, OPTION_LIMITS, "[KIND=]N", "of which N bytes may be lost (64K, 2M)", POLICY(max_bytes) },
        { "max-blocks", 0, OPTION_LIMITS, "[KIND=]N", "of which N blocks may be lost", POLICY(max_blocks), true },
        { "max-leak-bytes", 0, OPTION_LIMITS, "[KIND=]N", "of which any one may hold N bytes", POLICY(max_leak_bytes),
          true },
        { "max-leak-blocks", 0, OPTION_LIMITS, "[KIND=]N", "of which any one may hold N blocks",
          POLICY(max_leak_blocks), true },
        { "baseline", 0, OPTION_TEXT, "FILE", "what FILE (or a report) has does not fail", POLICY(baseline) },
        { "baseline-tolerance", 0, OPTION_GROWTH, "N%|N", "nor when it is larger by so much", POLICY(tolerance), true },
        { "update-baseline", 0, OPTION_FLAG, NULL, "make the baseline what is found now", POLICY(update_baseline),
          true },
        { "suppressions", 0, OPTION_LIST, "FILE", "leave out what FILE names; repeatable", POLICY(suppressions) },
        { "strict-suppressions", 0, OPTION_FLAG, NULL, "fail on unused or expired ones", POLICY(strict_suppressions),
          true },
        { "no-builtin-suppressions", 0, OPTION_FLAG, NULL, "see weir --print-suppressions", POLICY(no_built_in), true },
        { "gen-suppressions", 0, OPTION_MAYBE, "weir|valgrind|lsan", "write rules; lsan=FILE: into FILE", POLICY(generate),
          true },
        { "only-module", 0, OPTION_LIST, "PATTERN", "only leaks with a frame in such a file", POLICY(modules), true },
        { "only-frame", 0, OPTION_LIST, "PATTERN", "only leaks with a frame of such a name", POLICY(functions), true },
};

void shared_output_defaults(struct shared_output *output)
{
        const struct format_options defaults = format_defaults();

        output->limit.value = defaults.limit;
        output->kinds = defaults.kinds;
}

static bool is_limited(const struct option_limits *limits)
{
        bool given = limits->all.given;

        for (int i = 0; i < KIND_COUNT; i++)
                given |= limits->kinds[i].given;
        return given;
}

/* True when leaks are to fail, under whatever conditions. */
static bool asks_about_leaks(const struct shared_policy *policy)
{
        return policy->gate || policy->fail_on || is_limited(&policy->max_bytes) || is_limited(&policy->max_blocks) ||
               is_limited(&policy->max_leak_bytes) || is_limited(&policy->max_leak_blocks);
}

bool shared_policy_asks(const struct shared_policy *policy)
{
        return asks_about_leaks(policy) || policy->strict_suppressions;
}

uint32_t shared_policy_fail_on(const struct shared_policy *policy)
{
        if (policy->fail_on || !asks_about_leaks(policy))
                return policy->fail_on;
        return KINDS_GATE;
}

uint32_t shared_policy_kinds(const struct shared_policy *policy)
{
        const struct option_limits *limits[] = { &policy->max_bytes, &policy->max_blocks, &policy->max_leak_bytes,
                                                 &policy->max_leak_blocks };
        uint32_t kinds = shared_policy_fail_on(policy);

        for (size_t i = 0; i < sizeof limits / sizeof limits[0]; i++)
                for (int kind = 0; kind < KIND_COUNT; kind++)
                        kinds |= (uint32_t)limits[i]->kinds[kind].given << kind;
        return kinds;
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
