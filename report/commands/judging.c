#include "judging.h"

#include "emit/save.h"
#include "loading.h"
#include "policy/gate.h"
#include "policy/own_rules.h"
#include "policy/suppress_write.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

/* ---- files ---------------------------------------------------------------- */

/* Fails now rather than after the run. */
static int try_writing(const char *path, struct error *e)
{
        struct save save;

        if (save_begin(&save, path, e))
                return -1;
        save_cancel(&save);
        return 0;
}

/* "FORM", "FORM=FILE" or "". */
static int read_form(struct judging *judging, const char *text, struct error *e)
{
        static const char *const names[] = { [RULE_LSAN] = "lsan", [RULE_VALGRIND] = "valgrind", [RULE_WEIR] = "weir" };
        size_t length = text ? strcspn(text, "=") : 0;

        judging->form = RULE_WEIR;
        if (!text || !*text)
                return 0;
        for (int form = RULE_LSAN; form <= RULE_WEIR; form++) {
                if (strlen(names[form]) != length || memcmp(names[form], text, length) ||
                    (text[length] && !text[length + 1]))
                        continue;
                judging->form = (enum rule_form)form;
                judging->rules = text[length] ? text + length + 1 : NULL;
                return judging->rules ? try_writing(judging->rules, e) : 0;
        }
        return error_set(e, ERROR_USAGE,
                         "option '--gen-suppressions' wants weir, valgrind or lsan, and =FILE where it is to write "
                         "one, not '%s'",
                         text);
}

int judging_rules(const struct shared_policy *policy, struct suppressions *to, struct error *e)
{
        for (size_t i = 0; i < policy->suppressions.count; i++)
                if (suppressions_read(to, policy->suppressions.items[i], e))
                        return -1;
        return policy->no_built_in ? 0 : suppressions_add_built_in(to, e);
}

static int load_suppressions(struct judging *judging, struct error *e)
{
        const struct shared_policy *policy = judging->policy;

        if (judging_rules(policy, &judging->suppressions, e))
                return -1;
        judging->scope = (struct scope){
                .modules = policy->modules.items,
                .module_count = policy->modules.count,
                .functions = policy->functions.items,
                .function_count = policy->functions.count,
        };
        if (policy->modules.count || policy->functions.count)
                judging->suppressions.scope = &judging->scope;
        return 0;
}

static int read_baseline(struct baseline *baseline, const char *path, struct error *e)
{
        struct report *report;
        int status;

        if (!loading_is_capture(path))
                return baseline_read(baseline, path, e);
        report = loading_report(path, 0, false, e);
        if (!report)
                return -1;
        status = baseline_of(baseline, report, e);
        baseline->is_report = true;
        report_destroy(report);
        return status;
}

/* A baseline that is to be written need not be there yet. */
static int load_baseline(struct judging *judging, struct error *e)
{
        const struct shared_policy *policy = judging->policy;

        if (!policy->baseline)
                return policy->update_baseline || policy->tolerance.percent || policy->tolerance.bytes
                               ? error_set(e, ERROR_USAGE, "--%s needs the file: --baseline FILE",
                                           policy->update_baseline ? "update-baseline" : "baseline-tolerance")
                               : 0;
        if (policy->update_baseline && access(policy->baseline, F_OK) && errno == ENOENT)
                return try_writing(policy->baseline, e);
        if (read_baseline(&judging->baseline, policy->baseline, e))
                return error_prefix(e, "baseline");
        if (policy->update_baseline && judging->baseline.is_report)
                return error_set(e, ERROR_USAGE,
                                 "%s is a report or a capture, and a baseline would take its place: name another file",
                                 policy->baseline);
        return policy->update_baseline ? try_writing(policy->baseline, e) : 0;
}

int judging_load(struct judging *judging, const struct shared_policy *policy, struct error *e)
{
        *judging = (struct judging){ .policy = policy };
        if (read_form(judging, policy->generate, e) || load_suppressions(judging, e))
                return -1;
        return load_baseline(judging, e);
}

/* ---- the verdict ---------------------------------------------------------- */

static struct gate_limits limits_of(const struct option_limits *from)
{
        struct gate_limits limits = { .all = { from->all.given, from->all.value } };

        for (int i = 0; i < KIND_COUNT; i++)
                limits.kinds[i] = (struct gate_limit){ from->kinds[i].given, from->kinds[i].value };
        return limits;
}

static int write_baseline(struct judging *judging, struct report *report, const struct baseline_tolerance *tolerance,
                          struct error *e)
{
        const char *path = judging->policy->baseline;
        uint64_t added = report->gate.baseline_new - report->gate.baseline_grown, gone = report->gate.baseline_gone;
        struct baseline now;
        int status;

        if (baseline_of(&now, report, e))
                return -1;
        status = baseline_save(&now, path, e);
        if (!status)
                status = baseline_apply(&now, report, tolerance, e);
        baseline_deinit(&now);
        if (status)
                return -1;
        return report_note(report, "baseline-written", "%s was written: %llu leaks are new in it, %llu were taken out",
                           path, (unsigned long long)added, (unsigned long long)gone)
                       ? error_no_memory(e, "writing the baseline")
                       : 0;
}

static int apply_baseline(struct judging *judging, struct report *report, struct error *e)
{
        const struct shared_policy *policy = judging->policy;
        const struct baseline_tolerance tolerance = { policy->tolerance.percent, policy->tolerance.bytes };

        if (!policy->baseline)
                return 0;
        if (baseline_apply(&judging->baseline, report, &tolerance, e))
                return -1;
        if (!policy->update_baseline)
                return 0;
        if (gate_evidence_is_complete(report))
                return write_baseline(judging, report, &tolerance, e);
        return report_warn(report, "baseline-kept", "%s was not written: what was seen is incomplete", policy->baseline)
                       ? error_no_memory(e, "writing the baseline")
                       : 0;
}

/* A scope that holds nothing would pass any gate: better a word too many. */
static int warn_of_idle_scope(const struct judging *judging, struct report *report, struct error *e)
{
        const char *pattern = scope_idle(&judging->scope, report);

        if (!pattern || !report->leak_count)
                return 0;
        return report_warn(report, "idle-pattern", "no frame of any leak matches the pattern '%s'", pattern)
                       ? error_no_memory(e, "judging the report")
                       : 0;
}

static void forget_baseline(struct report *report)
{
        for (size_t i = 0; i < report->leak_count; i++) {
                struct report_leak *leak = &report->leaks[i];

                leak->in_baseline = false;
                if (leak->status == LEAK_KNOWN)
                        leak->status = LEAK_NEW;
        }
        report->gate.has_baseline = false;
        report->gate.gone = NULL;
        report->gate.gone_count = 0;
}

/* What the program itself suppressed stays so. */
static void forget_suppressions(struct report *report)
{
        size_t kept = 0;

        for (size_t i = 0; i < report->suppression_count; i++)
                if (own_rules_has(&report->suppressions[i]))
                        report->suppressions[kept++] = report->suppressions[i];
        report->suppression_count = kept;
        for (size_t i = 0; i < report->leak_count; i++) {
                struct report_leak *leak = &report->leaks[i];

                if (leak->status != LEAK_SUPPRESSED || own_rules_suppressed(report, leak))
                        continue;
                leak->status = LEAK_NEW;
                leak->suppressed_by = NULL;
        }
}

static bool is_of_judging(const struct report_diagnostic *diagnostic)
{
        static const char *const codes[] = { "baseline-written", "baseline-kept", "idle-pattern",
                                             "expired-suppression" };

        for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++)
                if (!strcmp(diagnostic->code, codes[i]))
                        return true;
        return false;
}

static void forget_diagnostics(struct report *report)
{
        size_t kept = 0;

        for (size_t i = 0; i < report->diagnostic_count; i++)
                if (!is_of_judging(&report->diagnostics[i]))
                        report->diagnostics[kept++] = report->diagnostics[i];
        report->diagnostic_count = kept;
}

/* What a stored report was told when it was judged before. */
static void forget_verdict(struct report *report)
{
        forget_baseline(report);
        forget_suppressions(report);
        forget_diagnostics(report);
}

int judging_apply(struct judging *judging, struct report *report, struct error *e)
{
        const struct shared_policy *asked = judging->policy;
        const struct policy policy = {
                .asked = shared_policy_asks(asked),
                .fail_on = shared_policy_fail_on(asked),
                .bytes = limits_of(&asked->max_bytes),
                .blocks = limits_of(&asked->max_blocks),
                .leak_bytes = limits_of(&asked->max_leak_bytes),
                .leak_blocks = limits_of(&asked->max_leak_blocks),
                .strict_suppressions = asked->strict_suppressions,
        };

        forget_verdict(report);
        if (warn_of_idle_scope(judging, report, e))
                return -1;
        if (suppressions_apply(&judging->suppressions, report, e) || apply_baseline(judging, report, e))
                return -1;
        return gate_judge(report, &policy, e);
}

int judging_status(const struct report *report)
{
        return gate_exit_status(report, 0);
}

/* ---- rules for the next time ------------------------------------------------ */

static int write_rules(const struct judging *judging, const struct report *report, uint32_t kinds, struct error *e)
{
        struct save save;

        if (save_begin(&save, judging->rules, e))
                return -1;
        errno = 0;
        if (!suppressions_write(report, kinds, judging->form, save.out, e))
                return save_finish(&save, e);
        save_cancel(&save);
        return -1;
}

/* Rules without a file of their own take the report's place. */
static int print_rules(const struct judging *judging, struct printing *printing, const struct report *report,
                       int32_t pid, struct error *e)
{
        FILE *out = printing_stream(printing, pid, e);

        printing->taken = true;
        return out ? suppressions_write(report, printing->options->kinds, judging->form, out, e) : -1;
}

int judging_print(const struct judging *judging, struct printing *printing, const struct report *report, int32_t pid,
                  struct error *e)
{
        int result = 0;

        if (judging->policy->generate)
                result = judging->rules ? write_rules(judging, report, printing->options->kinds, e) :
                                          print_rules(judging, printing, report, pid, e);
        if (result || printing_report(printing, report, pid, e))
                return -1;
        return printing_finish(printing, e);
}

void judging_deinit(struct judging *judging)
{
        suppressions_deinit(&judging->suppressions);
        baseline_deinit(&judging->baseline);
        *judging = (struct judging){ 0 };
}
