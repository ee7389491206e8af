/* What the text says of the gate: the baseline, every rule, and what to do. */
#include "text.h"

#include <inttypes.h>
#include <string.h>

enum { GONE_SHOWN = 10 };

static void print_gone(const struct ink *ink, const struct report *report)
{
        for (size_t i = 0; i < report->gate.gone_count && i < GONE_SHOWN; i++) {
                const struct report_gone *gone = &report->gate.gone[i];

                ink_print(ink, INK_GREEN, "  gone: ");
                ink_text(ink, INK_PLAIN, gone->site ? gone->site : "??", 100);
                ink_print(ink, INK_DIM, "  [%s %s]\n", kind_name(gone->kind), gone->id);
        }
        if (report->gate.gone_count > GONE_SHOWN)
                ink_print(ink, INK_DIM, "  ... and %zu more that are gone\n", report->gate.gone_count - GONE_SHOWN);
        if (report->gate.gone_count)
                ink_print(ink, INK_DIM, "  --update-baseline takes them out of the file\n");
}

static void print_baseline(const struct ink *ink, const struct report *report)
{
        if (!report->gate.has_baseline)
                return;
        ink_print(ink, INK_BOLD, "baseline: ");
        ink_print(ink, INK_PLAIN, "%" PRIu64 " new", report->gate.baseline_new);
        if (report->gate.baseline_grown)
                ink_print(ink, INK_PLAIN, " (%" PRIu64 " of them known, but grown)", report->gate.baseline_grown);
        ink_print(ink, INK_PLAIN, ", %" PRIu64 " known, %" PRIu64 " gone\n", report->gate.baseline_known,
                  report->gate.baseline_gone);
        print_gone(ink, report);
}

static void print_rule(const struct ink *ink, const struct report_rule *rule)
{
        ink_print(ink, INK_BOLD, "gate: ");
        ink_text(ink, INK_PLAIN, rule->rule, 0);
        ink_print(ink, INK_PLAIN, ": ");
        ink_number(ink, INK_PLAIN, rule->value);
        ink_print(ink, INK_PLAIN, ", at most ");
        ink_number(ink, INK_PLAIN, rule->limit);
        if (rule->pass) {
                ink_print(ink, INK_GREEN, ": pass\n");
                return;
        }
        ink_print(ink, INK_RED, ": FAIL");
        ink_print(ink, INK_PLAIN, ", ");
        ink_number(ink, INK_PLAIN, rule->value - rule->limit);
        ink_print(ink, INK_PLAIN, " too many\n");
}

static bool is_about_suppressions(const struct report_rule *rule)
{
        return strstr(rule->rule, "suppressions") != NULL;
}

/* One line for each way out of a failed gate. */
static void print_ways_out(const struct ink *ink, const struct report *report)
{
        bool leaks = false, suppressions = false;

        for (size_t i = 0; i < report->gate.rule_count; i++) {
                const struct report_rule *rule = &report->gate.rules[i];

                suppressions |= !rule->pass && is_about_suppressions(rule);
                leaks |= !rule->pass && !is_about_suppressions(rule);
        }
        if (leaks)
                ink_print(ink, INK_DIM,
                          "  to do: free them; or leave them out (--gen-suppressions writes the rules), or\n"
                          "  accept them as they are (--baseline=FILE --update-baseline)\n");
        if (suppressions)
                ink_print(ink, INK_DIM, "  to do: take the suppressions that are named above out of their files\n");
        if (report->gate.status == GATE_INCOMPLETE)
                ink_print(ink, INK_DIM,
                          "  to do: see above what could not be seen; without it nobody can say that "
                          "nothing leaks\n");
}

void text_gate(const struct ink *ink, const struct report *report)
{
        print_baseline(ink, report);
        for (size_t i = 0; i < report->gate.rule_count; i++)
                print_rule(ink, &report->gate.rules[i]);
        print_ways_out(ink, report);
}
