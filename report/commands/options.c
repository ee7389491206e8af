#include "options.h"

#include "nearest.h"
#include "option_values.h"

#include <string.h>

enum { HELP_COLUMN = 30 };

struct found {
        const struct option_spec *spec;
        void *value; /* where it is stored */
};

static struct found find(const struct option_group *groups, size_t count, const char *name, size_t length, char letter,
                         void *into)
{
        for (size_t g = 0; g < count; g++) {
                for (size_t i = 0; i < groups[g].count; i++) {
                        const struct option_spec *spec = &groups[g].specs[i];

                        if (name ? strlen(spec->name) == length && !memcmp(spec->name, name, length)
                                 : spec->letter == letter)
                                return (struct found){ spec, (char *)into + groups[g].offset + spec->offset };
                }
        }
        return (struct found){ 0 };
}

static int unknown(const struct option_group *groups, size_t count, const char *name, size_t length, struct error *e)
{
        struct nearest near = nearest_to(name, length);

        for (size_t g = 0; g < count; g++)
                for (size_t i = 0; i < groups[g].count; i++)
                        nearest_offer(&near, groups[g].specs[i].name);
        if (near.best)
                return error_set(e, ERROR_USAGE, "unknown option '--%.*s'; did you mean '--%s'?", (int)length, name,
                                 near.best);
        return error_set(e, ERROR_USAGE, "unknown option '--%.*s'", (int)length, name);
}

/* One option at argv[at]; returns how many words it took, or -1. */
static int take_option(const struct option_group *groups, size_t count, int argc, char **argv, int at, void *into,
                       struct error *e)
{
        const char *word = argv[at];
        bool is_long = word[1] == '-';
        const char *name = is_long ? word + 2 : NULL;
        size_t length = is_long ? strcspn(name, "=") : 0;
        const char *value = is_long ? (name[length] ? name + length + 1 : NULL) : (word[2] ? word + 2 : NULL);
        struct found found = find(groups, count, name, length, word[1], into);

        if (!found.spec && is_long)
                return unknown(groups, count, name, length, e);
        if (!found.spec)
                return error_set(e, ERROR_USAGE, "unknown option '-%c'", word[1]);
        if (found.spec->type == OPTION_FLAG) {
                if (value)
                        return error_set(e, ERROR_USAGE, "option '--%s' takes no value", found.spec->name);
                return option_store(found.spec, found.value, NULL, e) ? -1 : 1;
        }
        if (value)
                return option_store(found.spec, found.value, value, e) ? -1 : 1;
        if (found.spec->type == OPTION_MAYBE) {
                *(const char **)found.value = "";
                return 1;
        }
        if (at + 1 >= argc)
                return error_set(e, ERROR_USAGE, "option '--%s' wants a value: %s", found.spec->name,
                                 found.spec->value);
        return option_store(found.spec, found.value, argv[at + 1], e) ? -1 : 2;
}

static bool asks_for_help(const char *word, struct options_result *result)
{
        result->help_all = !strcmp(word, "--help=all");
        result->help = result->help_all || !strcmp(word, "--help") || !strcmp(word, "-h");
        return result->help;
}

/* Moves the words that are operands, in argv[1..seen), up against argv[seen],
 * where operands already follow. */
static int gather(char **argv, int seen, int operands)
{
        memmove(argv + seen - operands, argv + 1, (size_t)operands * sizeof *argv);
        return seen - operands;
}

int options_parse(const struct option_group *groups, size_t count, unsigned flags, int argc, char **argv, void *into,
                  struct options_result *result, struct error *e)
{
        int operands = 0; /* kept at argv[1..1 + operands) while we go */
        int at = 1;

        *result = (struct options_result){ .first = argc };
        while (at < argc) {
                char *word = argv[at];
                int taken;

                if (!strcmp(word, "--")) {
                        at++;
                        break;
                }
                if (word[0] != '-' || !word[1]) {
                        if (flags & OPTIONS_ONLY)
                                return error_set(e, ERROR_USAGE, "'%s' is no option", word);
                        if (flags & OPTIONS_STOP)
                                break;
                        argv[1 + operands++] = word;
                        at++;
                        continue;
                }
                if (asks_for_help(word, result))
                        return 0;
                if (!strncmp(word, "--help=", 7))
                        return error_set(e, ERROR_USAGE, "option '--help' takes nothing, or all: not '%s'", word + 7);
                taken = take_option(groups, count, argc, argv, at, into, e);
                if (taken < 0)
                        return -1;
                at += taken;
        }
        result->first = gather(argv, at, operands);
        return 0;
}

/* Reads one word of `*line` to `*to`; false when a quote is not closed. */
static bool split_word(char **line, char **to)
{
        char quote = 0;
        char *at = *line;

        for (; *at && (quote || !strchr(" \t\n", *at)); at++) {
                if (quote && *at == quote)
                        quote = 0;
                else if (!quote && (*at == '\'' || *at == '"'))
                        quote = *at;
                else if (*at == '\\' && quote != '\'' && at[1])
                        *(*to)++ = *++at;
                else
                        *(*to)++ = *at;
        }
        *line = at;
        return !quote;
}

int options_split(char *line, char **argv, int max, struct error *e)
{
        char *to = line;
        int argc = 1;

        for (;;) {
                line += strspn(line, " \t\n");
                if (!*line)
                        return argc;
                if (argc >= max)
                        return error_set(e, ERROR_USAGE, "more than %d options", max - 1);
                argv[argc++] = to;
                if (!split_word(&line, &to))
                        return error_set(e, ERROR_USAGE, "a quote is not closed");
                if (*line)
                        line++;
                *to++ = 0;
        }
}

static void print_option(const struct option_spec *spec, FILE *out)
{
        bool maybe = spec->type == OPTION_MAYBE;
        char left[80];

        (void)snprintf(left, sizeof left, "%s%c%s--%s%s%s%s%s", spec->letter ? "-" : " ",
                       spec->letter ? spec->letter : ' ', spec->letter ? "," : " ", spec->name, maybe ? "[" : "",
                       spec->value ? "=" : "", spec->value ? spec->value : "", maybe ? "]" : "");
        if (strlen(left) > HELP_COLUMN)
                fprintf(out, "  %s\n  %-*s %s\n", left, HELP_COLUMN, "", spec->help);
        else
                fprintf(out, "  %-*s %s\n", HELP_COLUMN, left, spec->help);
}

size_t options_print(const struct option_group *groups, size_t count, bool all, FILE *out)
{
        size_t left_out = 0;

        for (size_t g = 0; g < count; g++) {
                fprintf(out, "\n%s:\n", groups[g].title);
                for (size_t i = 0; i < groups[g].count; i++) {
                        if (all || !groups[g].specs[i].rare)
                                print_option(&groups[g].specs[i], out);
                        else
                                left_out++;
                }
        }
        return left_out;
}
