#include "scope.h"

#include "../emit/frames.h"
#include "glob.h"

#include <string.h>

static bool in_module(const char *pattern, const struct report_frame *frame)
{
        if (!frame->module)
                return false;
        return glob_matches(pattern, strchr(pattern, '/') ? frame->module : path_base(frame->module));
}

/* "list::push" means "list::push(item*)" as well. */
static bool without_arguments(const char *pattern, const char *function)
{
        size_t length = strcspn(function, "(");
        char name[512];

        if (!function[length] || !length || length >= sizeof name)
                return false;
        memcpy(name, function, length);
        name[length] = '\0';
        return glob_matches(pattern, name);
}

static bool in_function(const char *pattern, const struct report_frame *frame)
{
        return (frame->function &&
                (glob_matches(pattern, frame->function) || without_arguments(pattern, frame->function))) ||
               (frame->linkage_name && glob_matches(pattern, frame->linkage_name));
}

/* True when any frame is in what any pattern names, or nothing is named. */
static bool any(const char *const *patterns, size_t count, bool (*matches)(const char *, const struct report_frame *),
                const struct report_leak *leak)
{
        for (size_t i = 0; i < count; i++)
                for (size_t k = 0; k < leak->stack_count; k++)
                        if (matches(patterns[i], &leak->stack[k]))
                                return true;
        return !count;
}

bool scope_holds(const struct scope *scope, const struct report_leak *leak)
{
        if (leak->stack_count < 2 || leak->stack_truncated)
                return true;
        return any(scope->modules, scope->module_count, in_module, leak) &&
               any(scope->functions, scope->function_count, in_function, leak);
}

static bool hits(const char *pattern, bool (*matches)(const char *, const struct report_frame *),
                 const struct report *report)
{
        for (size_t i = 0; i < report->leak_count; i++)
                if (any(&pattern, 1, matches, &report->leaks[i]))
                        return true;
        return false;
}

const char *scope_idle(const struct scope *scope, const struct report *report)
{
        for (size_t i = 0; i < scope->module_count; i++)
                if (!hits(scope->modules[i], in_module, report))
                        return scope->modules[i];
        for (size_t i = 0; i < scope->function_count; i++)
                if (!hits(scope->functions[i], in_function, report))
                        return scope->functions[i];
        return NULL;
}

const char *scope_name(const struct scope *scope, struct report *report)
{
        const char *text = "not in";

        for (size_t i = 0; text && i < scope->module_count; i++)
                text = report_format(report, "%s --only-module=%s", text, scope->modules[i]);
        for (size_t i = 0; text && i < scope->function_count; i++)
                text = report_format(report, "%s --only-frame=%s", text, scope->functions[i]);
        return text;
}
