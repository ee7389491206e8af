#include "printing.h"

#include "mem.h"
#include "nearest.h"
#include "step_summary.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- forms ---------------------------------------------------------------- */

static int unknown_format(const char *name, size_t length, struct error *e)
{
        struct nearest near = nearest_to(name, length);
        char names[200] = "";
        size_t used = 0;

        for (const struct format *format = formats; format->name; format++) {
                nearest_offer(&near, format->name);
                used += (size_t)snprintf(names + used, sizeof names - used, "%s%s", used ? ", " : "", format->name);
        }
        return error_set(e, ERROR_USAGE, "option '--format': '%.*s' is no form%s%s%s; there are %s", (int)length, name,
                         near.best ? "; did you mean '" : "", near.best ? near.best : "", near.best ? "'?" : "", names);
}

/* One value of --format: a form, or a form and its file. */
static int add_form(struct printing *printing, const char *value, struct error *e)
{
        size_t length = strcspn(value, "=");
        const char *path = value[length] ? value + length + 1 : NULL;
        char *name = mem_format("%.*s", (int)length, value);
        const struct format *format = name ? format_find(name) : NULL;
        struct printing_form *form;

        mem_free(name);
        if (!name)
                return error_no_memory(e, "reading the options");
        if (!format)
                return unknown_format(value, length, e);
        if (path && !*path)
                return error_set(e, ERROR_USAGE, "option '--format': a file is missing after '%s'", value);
        if (!path) {
                printing->forms[0].format = format;
                return 0;
        }
        if (printing_writes(printing, path))
                return error_set(e, ERROR_USAGE, "%s cannot have two forms of the report", path);
        form = &printing->forms[printing->count++];
        *form = (struct printing_form){ .format = format, .path = mem_string(path) };
        return form->path ? 0 : error_no_memory(e, "reading the options");
}

static int add_forms(struct printing *printing, struct error *e)
{
        const struct shared_output *options = printing->options;

        for (size_t i = 0; i < options->formats.count; i++)
                if (add_form(printing, options->formats.items[i], e))
                        return -1;
        return 0;
}

static int open_files(struct printing *printing, FILE *fallback, struct error *e)
{
        for (size_t i = 0; i < printing->count; i++)
                if (output_init(&printing->forms[i].output, i ? printing->forms[i].path : printing->options->report,
                                fallback, e))
                        return -1;
        return 0;
}

/* ---- sources -------------------------------------------------------------- */

/* The directory that sources are told from, by its own name and by the one that
 * compilers were told, which may go through a link. */
static int find_root(struct printing *printing, struct error *e)
{
        const char *given = printing->options->source_root, *alias = given ? given : getenv("PWD");
        char *real = realpath(given ? given : ".", NULL);

        if (!real && given)
                return error_set_errno(e, ERROR_USAGE, errno, "option '--source-root': %s", given);
        printing->root = real ? mem_string(real) : NULL;
        if (real && alias && *alias == '/' && strcmp(alias, real) && output_is_same(alias, real))
                printing->root_alias = mem_string(alias);
        free(real);
        return real && !printing->root ? error_no_memory(e, "finding the sources") : 0;
}

/* ---- life ----------------------------------------------------------------- */

int printing_open(struct printing *printing, const struct shared_output *options, FILE *fallback, struct error *e)
{
        *printing = (struct printing){ .options = options, .count = 1 };
        printing->forms[0].format = format_find(options->report ? "json" : "text");
        if (add_forms(printing, e) || find_root(printing, e))
                return -1;
        return open_files(printing, fallback, e);
}

int printing_claim(struct printing *printing, struct error *e)
{
        for (size_t i = 0; i < printing->count; i++)
                if (output_claim(&printing->forms[i].output, e))
                        return -1;
        return 0;
}

bool printing_writes(const struct printing *printing, const char *path)
{
        if (!strcmp(path, "-"))
                return false;
        if (printing->options->report && output_is_same(printing->options->report, path))
                return true;
        for (size_t i = 1; i < printing->count; i++)
                if (printing->forms[i].path && output_is_same(printing->forms[i].path, path))
                        return true;
        return false;
}

const char *printing_single(const struct printing *printing)
{
        for (size_t i = 0; i < printing->count; i++)
                if (printing->forms[i].format->single)
                        return printing->forms[i].format->name;
        return NULL;
}

FILE *printing_stream(struct printing *printing, int32_t pid, struct error *e)
{
        return output_stream(&printing->forms[0].output, pid, e);
}

/* ---- printing ------------------------------------------------------------- */

static bool is_silent(const struct report *report, const struct shared_output *options)
{
        bool failed = report->gate.status == GATE_FAIL || report->gate.status == GATE_INCOMPLETE;

        return options->quiet && !options->report && !failed;
}

static int print(struct printing *printing, struct printing_form *form, const struct report *report, int32_t pid,
                 struct error *e)
{
        struct format_options format = format_defaults();
        FILE *out = output_stream(&form->output, pid, e);

        if (!out)
                return -1;
        format.kinds = printing->options->kinds;
        format.retained = printing->options->retained;
        format.limit = (size_t)printing->options->limit.value;
        format.color = shared_color(printing->options, fileno(out));
        format.root = printing->root;
        format.root_alias = printing->root_alias;
        format.frames = printing->options->frames;
        format.brief = printing->options->brief;
        form->format->write(report, &format, out);
        return strcmp(form->format->name, "github") ? 0 : step_summary(report, &format, e);
}

int printing_report(struct printing *printing, const struct report *report, int32_t pid, struct error *e)
{
        bool skip = printing->taken || is_silent(report, printing->options);

        for (size_t i = skip; i < printing->count; i++)
                if (print(printing, &printing->forms[i], report, pid, e))
                        return -1;
        return 0;
}

int printing_finish(struct printing *printing, struct error *e)
{
        int result = 0;

        for (size_t i = 0; i < printing->count; i++)
                if (output_finish(&printing->forms[i].output, result ? NULL : e))
                        result = -1;
        return result;
}

void printing_close(struct printing *printing)
{
        for (size_t i = 0; i < printing->count; i++) {
                output_deinit(&printing->forms[i].output);
                mem_free(printing->forms[i].path);
        }
        mem_free(printing->root);
        mem_free(printing->root_alias);
        printing->count = 0;
        printing->root = printing->root_alias = NULL;
}
