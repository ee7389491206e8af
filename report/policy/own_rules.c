#include "own_rules.h"

#include "../mem.h"

#include <stdio.h>
#include <string.h>

#define OWN "__lsan_default_suppressions of " /* begins what such rules name as their file */

static const char *text_of(const struct process *process)
{
        return process->annotations.suppressions.text;
}

int own_rules_read(struct suppressions *to, const struct process *process, struct error *e)
{
        char name[4096 + 64];

        if (!text_of(process))
                return 0;
        (void)snprintf(name, sizeof name, OWN "%s", process->exe);
        return suppressions_parse(to, text_of(process), process->annotations.suppressions.length, name, e);
}

static bool said_before(const struct collector_result *run, const struct process *process)
{
        for (const struct process *p = run->processes; p && p != process; p = p->next)
                if (text_of(p) && !strcmp(text_of(p), text_of(process)))
                        return true;
        return false;
}

static int read_all(struct suppressions *rules, struct report *report, const struct collector_result *run)
{
        for (const struct process *p = run->processes; p; p = p->next) {
                struct error why = { 0 };

                if (!text_of(p) || said_before(run, p) || !own_rules_read(rules, p, &why))
                        continue;
                if (why.code == ERROR_NO_MEMORY || report_warn(report, "unreadable-suppressions", "%s", why.text))
                        return -1;
        }
        return 0;
}

int own_rules_apply(struct report *report, const struct collector_result *run, struct error *e)
{
        struct suppressions rules = { 0 };
        int status = 0;

        if (read_all(&rules, report, run))
                status = error_no_memory(e, "reading a program's own suppressions");
        else if (rules.count)
                status = suppressions_apply(&rules, report, e);
        suppressions_deinit(&rules);
        return status;
}

bool own_rules_has(const struct report_suppression *suppression)
{
        return suppression->file && !strncmp(suppression->file, OWN, sizeof OWN - 1);
}

bool own_rules_suppressed(const struct report *report, const struct report_leak *leak)
{
        for (size_t i = 0; leak->suppressed_by && i < report->suppression_count; i++)
                if (own_rules_has(&report->suppressions[i]) &&
                    !strcmp(report->suppressions[i].rule, leak->suppressed_by))
                        return true;
        return false;
}
