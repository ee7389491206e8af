#include "suppress.h"

#include "../emit/slurp.h"
#include "../mem.h"
#include "../emit/kinds.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FILE_MOST = 64 << 20, TOOLS_MOST = 1000 }; /* bytes of a file, of a line of tools */

/* A file while it is read, line by line. */
struct lines {
        struct suppressions *s;
        const char *file;
        const char *name; /* for rules; NULL = built in */
        char *at;         /* the next line; NULL = no more */
        uint32_t number;  /* of the line read last */
        struct error *e;
};

static int expected(const struct lines *lines, uint32_t number, const char *what, const char *found)
{
        return error_set(lines->e, ERROR_BAD_INPUT, "%s:%u: expected %s, found \"%.60s\"%s", lines->file, number, what,
                         found, strlen(found) > 60 ? "..." : "");
}

/* ---- lines ---------------------------------------------------------------- */

static char *trim(char *line)
{
        char *end;

        line += strspn(line, " \t\r\f\v");
        end = line + strlen(line);
        while (end > line && strchr(" \t\r\f\v", end[-1]))
                end--;
        *end = '\0';
        return line;
}

/* The next line that is neither blank nor a comment, trimmed; NULL at the end. */
static char *next_line(struct lines *lines)
{
        while (lines->at) {
                char *line = lines->at, *end = strchr(line, '\n');

                lines->at = end ? end + 1 : NULL;
                if (end)
                        *end = '\0';
                lines->number++;
                line = trim(line);
                if (*line && *line != '#')
                        return line;
        }
        return NULL;
}

static int truncated(const struct lines *lines, const struct rule *rule)
{
        return error_set(lines->e, ERROR_BAD_INPUT, "%s:%u: this entry has no closing '}'", lines->file, rule->line);
}

/* The entry's next line, not its end: 0, or -1. */
static int entry_line(struct lines *lines, const struct rule *rule, const char *what, char **line)
{
        *line = next_line(lines);
        if (!*line)
                return truncated(lines, rule);
        return strcmp(*line, "}") ? 0 : expected(lines, lines->number, what, *line);
}

/* ---- options of an entry -------------------------------------------------- */

/* The value of a line "KEY: value", or NULL for another line. */
static char *value_of(char *line, const char *key)
{
        size_t length = strlen(key);

        if (strncmp(line, key, length) || line[length] != ':')
                return NULL;
        return trim(line + length + 1);
}

static int read_kinds(struct lines *lines, struct rule *rule, char *value)
{
        char *save = NULL;

        if (!*value)
                return expected(lines, lines->number, "kinds", value);
        rule->kinds = 0;
        for (char *word = strtok_r(value, ", \t", &save); word; word = strtok_r(NULL, ", \t", &save)) {
                uint32_t mask = 0;

                if (!strcmp(word, "none"))
                        continue;
                if (kinds_parse(word, &mask))
                        return expected(lines, lines->number,
                                        "kinds like definite,indirect,possible,reachable, all or none", word);
                if (rule->form == RULE_VALGRIND && mask & 1u << KIND_DEFINITE)
                        mask |= 1u << KIND_CYCLE;
                rule->kinds |= mask;
        }
        return 0;
}

static int read_limit(struct lines *lines, const char *value, uint64_t *limit)
{
        char *end;

        errno = 0;
        *limit = strtoull(value, &end, 10);
        if (errno || *end || *value < '0' || *value > '9')
                return expected(lines, lines->number, "a number", value);
        return 0;
}

static int read_date(struct lines *lines, const char *value, int32_t *date)
{
        int year, month, day, length = 0;

        if (sscanf(value, "%4d-%2d-%2d%n", &year, &month, &day, &length) != 3 || value[length] || length != 10 ||
            year < 1 || month < 1 || month > 12 || day < 1 || day > 31)
                return expected(lines, lines->number, "a date like 2027-01-31", value);
        *date = year * 10000 + month * 100 + day;
        return 0;
}

/* 1 when the line is an option, 0 when not, -1 on failure. */
static int read_option(struct lines *lines, struct rule *rule, char *line)
{
        char *value;

        if ((value = value_of(line, "match-leak-kinds")))
                return read_kinds(lines, rule, value) ? -1 : 1;
        if (rule->form != RULE_WEIR)
                return 0;
        if ((value = value_of(line, "type"))) {
                rule->type = value;
                return 1;
        }
        if ((value = value_of(line, "max-bytes")))
                return read_limit(lines, value, &rule->max_bytes) ? -1 : 1;
        if ((value = value_of(line, "max-blocks")))
                return read_limit(lines, value, &rule->max_blocks) ? -1 : 1;
        if ((value = value_of(line, "expires")))
                return read_date(lines, value, &rule->expires) ? -1 : 1;
        if (!(value = value_of(line, "reason")))
                return 0;
        rule->reason = value;
        return 1;
}

/* ---- locations ------------------------------------------------------------ */

/* src:FILE or src:FILE:LINE */
static int read_source(struct lines *lines, char *text, struct location *location)
{
        char *colon = strchr(text, ':');
        uint64_t line;

        location->type = LOCATION_SOURCE;
        if (!colon)
                return 0;
        *colon = '\0';
        if (read_limit(lines, colon + 1, &line))
                return -1;
        if (!line || line > UINT32_MAX)
                return expected(lines, lines->number, "the number of a line", colon + 1);
        location->line = (uint32_t)line;
        return 0;
}

static int read_location(struct lines *lines, char *line, struct location *location)
{
        *location = (struct location){ .type = LOCATION_ANY };
        if (!strcmp(line, "..."))
                return 0;
        location->pattern = line + 4;
        if (!strncmp(line, "fun:", 4))
                location->type = LOCATION_FUNCTION;
        else if (!strncmp(line, "obj:", 4))
                location->type = LOCATION_OBJECT;
        else if (strncmp(line, "src:", 4))
                return expected(lines, lines->number, "fun:NAME, obj:FILE, src:FILE, '...' or '}'", line);
        else if (read_source(lines, line + 4, location))
                return -1;
        return *location->pattern ? 0 : expected(lines, lines->number, "a name or a pattern after the colon", line);
}

static int add_location(struct lines *lines, struct rule *rule, char *line)
{
        struct suppressions *s = lines->s;
        struct location location;

        if (rule->count == SUPPRESS_LOCATIONS_MOST)
                return expected(lines, lines->number, "at most 500 locations", line);
        if (read_location(lines, line, &location))
                return -1;
        if (mem_grow(&s->locations, &s->location_capacity, s->location_count + 1, sizeof *s->locations))
                return error_no_memory(lines->e, "reading suppressions");
        s->locations[s->location_count++] = location;
        rule->count++;
        return 0;
}

/* ---- entries -------------------------------------------------------------- */

static int add_rule(struct lines *lines, const struct rule *rule)
{
        struct suppressions *s = lines->s;

        if (mem_grow(&s->rules, &s->capacity, s->count + 1, sizeof *s->rules))
                return error_no_memory(lines->e, "reading suppressions");
        s->rules[s->count++] = *rule;
        return 0;
}

static struct rule new_rule(const struct lines *lines, enum rule_form form)
{
        return (struct rule){
                .form = form,
                .file = lines->name,
                .line = lines->number,
                .kinds = KINDS_ALL,
                .max_bytes = UINT64_MAX,
                .max_blocks = UINT64_MAX,
        };
}

static int read_lsan(struct lines *lines, char *line)
{
        struct rule rule = new_rule(lines, RULE_LSAN);

        if (strncmp(line, "leak:", 5) || !line[5])
                return expected(lines, lines->number, "leak:PATTERN, or '{' and a Valgrind entry", line);
        rule.name = line;
        rule.pattern = line + 5;
        return add_rule(lines, &rule);
}

static bool is_word(const char *text)
{
        size_t length = strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-");

        return length && !text[length];
}

/* "TOOL,TOOL:KIND"; `*ours` when it is about leaks and for us. */
static int read_tools(struct lines *lines, struct rule *rule, char *line, bool *ours)
{
        static const char what[] = "TOOL:KIND, like Memcheck:Leak";
        char copy[TOOLS_MOST], *kind, *save = NULL;

        *ours = false;
        if (snprintf(copy, sizeof copy, "%s", line) >= TOOLS_MOST || !(kind = strchr(copy, ':')) || kind == copy)
                return expected(lines, lines->number, what, line);
        *kind++ = '\0';
        if (!is_word(trim(kind)))
                return expected(lines, lines->number, what, line);
        for (char *tool = strtok_r(copy, ",", &save); tool; tool = strtok_r(NULL, ",", &save)) {
                tool = trim(tool);
                if (!is_word(tool))
                        return expected(lines, lines->number, what, line);
                if (strcasecmp(tool, "weir") && strcasecmp(tool, "memcheck"))
                        continue;
                if (!strcasecmp(tool, "weir"))
                        rule->form = RULE_WEIR;
                *ours = !strcasecmp(trim(kind), "leak");
        }
        return 0;
}

static int skip_entry(struct lines *lines, const struct rule *rule)
{
        char *line;

        while ((line = next_line(lines)))
                if (!strcmp(line, "}"))
                        return 0;
        return truncated(lines, rule);
}

static int read_body(struct lines *lines, struct rule *rule)
{
        bool named = false;
        char *line;

        while ((line = next_line(lines)) && strcmp(line, "}")) {
                int option = rule->count ? 0 : read_option(lines, rule, line);

                if (option < 0 || (!option && add_location(lines, rule, line)))
                        return -1;
                named |= !option && lines->s->locations[lines->s->location_count - 1].type != LOCATION_ANY;
        }
        if (!line)
                return truncated(lines, rule);
        if (!named && !(rule->form == RULE_WEIR && rule->type))
                return expected(lines, lines->number, "at least one fun:, obj: or src: before the end of the entry",
                                line);
        return add_rule(lines, rule);
}

static int read_entry(struct lines *lines)
{
        struct rule rule = new_rule(lines, RULE_VALGRIND);
        char *line;
        bool ours;

        if (entry_line(lines, &rule, "the name of the entry", &line))
                return -1;
        rule.name = line;
        rule.first = lines->s->location_count;
        if (entry_line(lines, &rule, "TOOL:KIND, like Memcheck:Leak", &line) || read_tools(lines, &rule, line, &ours))
                return -1;
        return ours ? read_body(lines, &rule) : skip_entry(lines, &rule);
}

static int read_rules(struct lines *lines)
{
        char *line;

        while ((line = next_line(lines)))
                if (!strcmp(line, "{") ? read_entry(lines) : read_lsan(lines, line))
                        return -1;
        return 0;
}

/* ---- files ---------------------------------------------------------------- */

/* A copy that lives as long as the rules. */
static char *keep(struct suppressions *s, const char *text, size_t length)
{
        char *copy;

        if (mem_grow(&s->texts, &s->text_capacity, s->text_count + 1, sizeof *s->texts))
                return NULL;
        copy = mem_alloc(length + 1, 1);
        if (!copy)
                return NULL;
        if (length)
                memcpy(copy, text, length);
        s->texts[s->text_count++] = copy;
        return copy;
}

int suppressions_parse(struct suppressions *s, const char *text, size_t length, const char *name, struct error *e)
{
        struct lines lines = { .s = s, .file = name ? name : "built-in suppressions", .e = e };
        size_t rules = s->count, locations = s->location_count;
        const char *nul = length ? memchr(text, '\0', length) : NULL;

        if (nul)
                return error_set(e, ERROR_BAD_INPUT, "%s: byte %zu is 0: this is no file of suppressions", lines.file,
                                 (size_t)(nul - text));
        lines.at = keep(s, text, length);
        lines.name = name ? keep(s, name, strlen(name)) : NULL;
        if (!lines.at || (name && !lines.name))
                return error_no_memory(e, "reading suppressions");
        if (!read_rules(&lines))
                return 0;
        s->count = rules;
        s->location_count = locations;
        return -1;
}

int suppressions_read(struct suppressions *s, const char *path, struct error *e)
{
        size_t length;
        char *text = slurp(path, FILE_MOST, "file of suppressions", &length, e);
        int status;

        if (!text)
                return -1;
        status = suppressions_parse(s, text, length, slurp_name(path), e);
        mem_free(text);
        return status;
}

void suppressions_deinit(struct suppressions *s)
{
        for (size_t i = 0; i < s->text_count; i++)
                mem_free(s->texts[i]);
        mem_free(s->texts);
        mem_free(s->rules);
        mem_free(s->locations);
        *s = (struct suppressions){ 0 };
}
