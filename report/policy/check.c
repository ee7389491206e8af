#include "check.h"

#include "draft.h"
#include "findings.h"
#include "own_rules.h"

static int draft_all(struct drafts *drafts, struct process *process, struct error *e)
{
        const struct findings *findings = process->findings;

        if (drafts_begin(drafts, process, findings, e))
                return -1;
        for (size_t i = 0; i < findings->count; i++)
                if (drafts_add(drafts, i, e))
                        return -1;
        return drafts_end(drafts, e) || drafts_finish(drafts, e) ? -1 : 0;
}

static int leaks_of(struct report *report, struct process *process, struct symbols *symbols, struct error *e)
{
        const struct findings *findings = process->findings;
        struct drafts drafts;
        int status;

        if (drafts_init(&drafts, report, symbols, findings->count, e))
                return -1;
        status = draft_all(&drafts, process, e);
        drafts_deinit(&drafts);
        if (!status)
                report_sort(report);
        return status;
}

static void count(const struct report *report, struct process_check *check)
{
        static const enum kind lost[] = { KIND_DEFINITE, KIND_CYCLE, KIND_INDIRECT };

        *check = (struct process_check){ 0 };
        for (size_t i = 0; i < sizeof lost / sizeof lost[0]; i++) {
                const struct report_kind *kind = &report->summary.kinds[lost[i]];

                check->leaks += lost[i] == KIND_INDIRECT ? 0 : kind->groups;
                check->blocks += kind->blocks;
                check->bytes += kind->bytes;
        }
}

static int judge(struct report *report, struct process *process, struct suppressions *rules, struct error *e)
{
        struct symbols *symbols = symbols_create(NULL, e);
        int status = -1;

        if (symbols && !leaks_of(report, process, symbols, e) && !own_rules_read(rules, process, e) &&
            !suppressions_apply(rules, report, e)) {
                count(report, &process->check);
                status = 0;
        }
        symbols_destroy(symbols);
        return status;
}

int check_count(struct process *process, struct suppressions *rules, struct error *e)
{
        const struct findings *findings = process->findings;
        struct report *report;
        int status;

        process->check = (struct process_check){ .failed = true };
        if (!findings || !findings->taken)
                return error_set(e, ERROR_REFUSED, "the program asked whether it leaks and could not be looked at");
        report = report_create();
        if (!report)
                return error_no_memory(e, "answering a check");
        status = judge(report, process, rules, e);
        report_destroy(report);
        return status;
}
