#include "suppress.h"

#include "../emit/frames.h"
#include "../mem.h"
#include "glob.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

/* ---- one rule ------------------------------------------------------------- */

static bool lsan_matches(const struct rule *rule, const struct report_leak *leak)
{
        for (size_t i = 0; i < leak->stack_count; i++) {
                const struct report_frame *frame = &leak->stack[i];

                if ((frame->module && template_matches(rule->pattern, frame->module)) ||
                    (frame->function && template_matches(rule->pattern, frame->function)) ||
                    (frame->file && template_matches(rule->pattern, frame->file)))
                        return true;
        }
        return false;
}

/* The allocation functions of C++ have no linkage name in a report, which does
 * not tell their variants apart; a rule may mean any. */
static bool operator_matches(const char *pattern, const char *function)
{
        static const char *const names[] = {
                "_Znwm", "_ZnwmRKSt9nothrow_t", "_ZnwmSt11align_val_t", "_ZnwmSt11align_val_tRKSt9nothrow_t",
                "_Znam", "_ZnamRKSt9nothrow_t", "_ZnamSt11align_val_t", "_ZnamSt11align_val_tRKSt9nothrow_t",
        };
        size_t from;

        if (!strcmp(function, "operator new"))
                from = 0;
        else if (!strcmp(function, "operator new[]"))
                from = 4;
        else
                return false;
        for (size_t i = from; i < from + 4; i++)
                if (glob_matches(pattern, names[i]))
                        return true;
        return false;
}

static bool function_matches(const struct rule *rule, const char *pattern, const struct report_frame *frame)
{
        const char *function = frame->function ? frame->function : "???";

        if (glob_matches(pattern, frame->linkage_name ? frame->linkage_name : function))
                return true;
        if (!frame->linkage_name && operator_matches(pattern, function))
                return true;
        return rule->form == RULE_WEIR && glob_matches(pattern, function);
}

static bool source_matches(const struct location *location, const struct report_frame *frame)
{
        if (!frame->file || (location->line && location->line != frame->line))
                return false;
        return glob_matches(location->pattern, frame->file) || glob_matches(location->pattern, path_base(frame->file));
}

static bool location_matches(const struct rule *rule, const struct location *location, const struct report_frame *frame)
{
        switch (location->type) {
        case LOCATION_FUNCTION:
                return function_matches(rule, location->pattern, frame);
        case LOCATION_OBJECT:
                return glob_matches(location->pattern, frame->module ? frame->module : "???");
        case LOCATION_SOURCE:
                return source_matches(location, frame);
        case LOCATION_ANY:
                break;
        }
        return false;
}

/* Like a glob whose characters are locations, over frames; outer frames are
 * free. */
static bool stack_matches(const struct rule *rule, const struct location *locations, const struct report_leak *leak)
{
        size_t at = 0, frame = 0, star = SIZE_MAX, retry = 0;

        while (at < rule->count) {
                if (locations[at].type == LOCATION_ANY) {
                        star = ++at;
                        retry = frame;
                } else if (frame == leak->stack_count) {
                        return false;
                } else if (location_matches(rule, &locations[at], &leak->stack[frame])) {
                        at++;
                        frame++;
                } else if (star != SIZE_MAX) {
                        at = star;
                        frame = ++retry;
                } else {
                        return false;
                }
        }
        return true;
}

static bool rule_matches(const struct suppressions *s, const struct rule *rule, const struct report_leak *leak)
{
        if (!(rule->kinds & 1u << leak->kind) || leak->bytes > rule->max_bytes || leak->blocks > rule->max_blocks)
                return false;
        if (rule->expires && s->today > rule->expires)
                return false;
        if (rule->type && (!leak->type || !glob_matches(rule->type, leak->type)))
                return false;
        if (rule->form == RULE_LSAN)
                return lsan_matches(rule, leak);
        return stack_matches(rule, s->locations + rule->first, leak);
}

static int32_t present_day(void)
{
        time_t now = time(NULL);
        struct tm utc;

        if (!gmtime_r(&now, &utc))
                return 0;
        return (utc.tm_year + 1900) * 10000 + (utc.tm_mon + 1) * 100 + utc.tm_mday;
}

struct rule *suppressions_find(struct suppressions *s, const struct report_leak *leak)
{
        if (!s->today)
                s->today = present_day();
        for (size_t i = 0; i < s->count; i++)
                if (rule_matches(s, &s->rules[i], leak))
                        return &s->rules[i];
        return NULL;
}

/* ---- a report ------------------------------------------------------------- */

static void hit(struct report_leak *leak, struct rule *rule)
{
        leak->status = LEAK_SUPPRESSED;
        leak->suppressed_by = rule->name;
        rule->leaks++;
        rule->blocks += leak->blocks;
        rule->bytes += leak->bytes;
}

/* Leaks by id, to find owners. */
struct index {
        const struct report_leak **leaks;
        struct rule **rules; /* of the leak at the same place in the report; NULL = none */
        size_t count;
};

static int by_id(const void *left, const void *right)
{
        const struct report_leak *const *a = left, *const *b = right;

        return strcmp((*a)->id, (*b)->id);
}

/* The first leak with that id, or NULL. */
static const struct report_leak **find_id(const struct index *index, const char *id)
{
        size_t low = 0, high = index->count;

        while (low < high) {
                size_t middle = low + (high - low) / 2;

                if (strcmp(index->leaks[middle]->id, id) < 0)
                        low = middle + 1;
                else
                        high = middle;
        }
        return low < index->count && !strcmp(index->leaks[low]->id, id) ? &index->leaks[low] : NULL;
}

/* The rule that suppressed a leak with that id, when it was all of them. */
static struct rule *rule_of_id(const struct report *report, const struct index *index, const char *id)
{
        const struct report_leak **at = find_id(index, id);
        struct rule *rule = NULL;

        for (; at && at < index->leaks + index->count && !strcmp((*at)->id, id); at++) {
                if ((*at)->status != LEAK_SUPPRESSED)
                        return NULL;
                rule = index->rules[*at - report->leaks];
        }
        return rule;
}

/* The rule that takes a held leak along: all its owners are suppressed. */
static struct rule *rule_of_owners(const struct report *report, const struct index *index,
                                   const struct report_leak *leak)
{
        struct rule *rule = NULL;

        for (size_t i = 0; i < leak->owner_count; i++) {
                rule = rule_of_id(report, index, leak->owners[i]);
                if (!rule)
                        return NULL;
        }
        return rule;
}

/* A held leak has no say: it stays or goes with its owners. */
static bool is_outside(const struct suppressions *s, const struct report_leak *leak)
{
        return s->scope && !(leak->kind == KIND_INDIRECT && leak->owner_count) && !scope_holds(s->scope, leak);
}

static int suppress_leaks(struct suppressions *s, struct report *report, struct index *index)
{
        index->leaks = mem_alloc(report->leak_count, sizeof *index->leaks);
        index->rules = mem_alloc(report->leak_count, sizeof *index->rules);
        if (!index->leaks || !index->rules)
                return -1;
        for (size_t i = 0; i < report->leak_count; i++) {
                struct report_leak *leak = &report->leaks[i];

                if (leak->status != LEAK_SUPPRESSED) {
                        index->rules[i] = suppressions_find(s, leak);
                        if (!index->rules[i] && is_outside(s, leak))
                                index->rules[i] = &s->outside;
                }
                if (index->rules[i])
                        hit(leak, index->rules[i]);
                if (leak->id)
                        index->leaks[index->count++] = leak;
        }
        if (index->count)
                qsort(index->leaks, index->count, sizeof *index->leaks, by_id);
        for (size_t i = 0; i < report->leak_count; i++) {
                struct report_leak *leak = &report->leaks[i];
                struct rule *rule = leak->kind == KIND_INDIRECT && leak->status != LEAK_SUPPRESSED && leak->owner_count
                                            ? rule_of_owners(report, index, leak)
                                            : NULL;

                if (rule)
                        hit(leak, rule);
        }
        return 0;
}

static bool is_expired(const struct suppressions *s, const struct rule *rule)
{
        return rule->expires && s->today > rule->expires;
}

static int copy_text(struct report *report, const char *from, const char **to)
{
        *to = from ? report_string(report, from) : NULL;
        return from && !*to ? -1 : 0;
}

/* A rule as the report tells it, in the report's memory. */
static int tell_rule(struct report *report, const struct suppressions *s, const struct rule *rule,
                     struct report_suppression *to)
{
        *to = (struct report_suppression){
                .line = rule->file ? rule->line : 0,
                .leaks = rule->leaks,
                .blocks = rule->blocks,
                .bytes = rule->bytes,
                .expired = is_expired(s, rule),
        };
        if (rule->expires)
                to->expires = report_format(report, "%04d-%02d-%02d", (int)(rule->expires / 10000),
                                            (int)(rule->expires / 100 % 100), (int)(rule->expires % 100));
        if ((rule->expires && !to->expires) || copy_text(report, rule->name, &to->rule) ||
            copy_text(report, rule->file, &to->file) || copy_text(report, rule->reason, &to->reason))
                return -1;
        for (size_t i = 0; rule->leaks && i < report->leak_count; i++)
                if (report->leaks[i].suppressed_by == rule->name)
                        report->leaks[i].suppressed_by = to->rule;
        return 0;
}

/* A rule for blocks in use alone has had nothing to match where they are not listed. */
static bool is_unasked(const struct report *report, const struct rule *rule)
{
        return rule->kinds == 1u << KIND_REACHABLE && !report->summary.kinds[KIND_REACHABLE].groups;
}

/* Lists the rules behind those that the report has already. */
static int tell_rules(struct report *report, const struct suppressions *s)
{
        size_t count = report->suppression_count;
        struct report_suppression *list = report_array(report, count + s->count + 1, sizeof *list);

        if (!list)
                return -1;
        if (count)
                memcpy(list, report->suppressions, count * sizeof *list);
        for (size_t i = 0; i <= s->count; i++) {
                const struct rule *rule = i < s->count ? &s->rules[i] : &s->outside;

                if ((!rule->file && !rule->leaks) || is_unasked(report, rule))
                        continue;
                if (tell_rule(report, s, rule, &list[count++]))
                        return -1;
        }
        report->suppressions = list;
        report->suppression_count = count;
        return 0;
}

static int warn_of_expired(struct report *report, const struct suppressions *s)
{
        for (size_t i = 0; i < s->count; i++) {
                const struct rule *rule = &s->rules[i];

                if (is_expired(s, rule) &&
                    report_warn(report, "expired-suppression", "%s:%u: this suppression has expired: %s",
                                rule->file ? rule->file : "built in", rule->line, rule->name))
                        return -1;
        }
        return 0;
}

static int prepare(struct suppressions *s, struct report *report)
{
        for (size_t i = 0; i < s->count; i++)
                s->rules[i].leaks = s->rules[i].blocks = s->rules[i].bytes = 0;
        if (!s->today)
                s->today = present_day();
        s->outside = (struct rule){ .name = s->scope ? scope_name(s->scope, report) : "" };
        return s->outside.name ? 0 : -1;
}

int suppressions_apply(struct suppressions *s, struct report *report, struct error *e)
{
        struct index index = { 0 };
        int status = prepare(s, report) || suppress_leaks(s, report, &index) ? -1 : 0;

        mem_free(index.leaks);
        mem_free(index.rules);
        if (status || tell_rules(report, s) || warn_of_expired(report, s))
                return error_no_memory(e, "suppressing leaks");
        report_sum(report);
        return 0;
}
