#include "options.h"

#include "emit/report.h"
#include "nearest.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

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

static int store_list(const struct option_spec *spec, struct option_list *list, const char *text, struct error *e)
{
        if (list->count == OPTION_LIST_MAX)
                return error_set(e, ERROR_USAGE, "option '--%s' is given more than %d times", spec->name,
                                 OPTION_LIST_MAX);
        list->items[list->count++] = text;
        return 0;
}

static int store_choice(const struct option_spec *spec, int *choice, const char *text, struct error *e)
{
        size_t length = strlen(text);
        int index = 0;

        for (const char *word = spec->value; word; index++) {
                const char *end = strchrnul(word, '|');

                if ((size_t)(end - word) == length && !memcmp(word, text, length)) {
                        *choice = index;
                        return 0;
                }
                word = *end ? end + 1 : NULL;
        }
        return error_set(e, ERROR_USAGE, "option '--%s' wants one of %s, not '%s'", spec->name, spec->value, text);
}

static bool suffix_shift(const char *suffix, unsigned *shift)
{
        static const char letters[] = "KMG";
        const char *at;

        *shift = 0;
        if (!*suffix)
                return true;
        at = strchr(letters, *suffix >= 'a' ? *suffix - 'a' + 'A' : *suffix);
        if (!at || suffix[1])
                return false;
        *shift = 10 * (unsigned)(at - letters + 1);
        return true;
}

static int store_size(const struct option_spec *spec, struct option_size *size, const char *text, struct error *e)
{
        unsigned long long value;
        unsigned shift;
        char *end;

        errno = 0;
        value = strtoull(text, &end, 10);
        if (*text < '0' || *text > '9' || errno || !suffix_shift(end, &shift) || value > (UINT64_MAX >> shift))
                return error_set(e, ERROR_USAGE, "option '--%s' wants a number such as 4096, 64K or 2M, not '%s'",
                                 spec->name, text);
        *size = (struct option_size){ .given = true, .value = (uint64_t)value << shift };
        return 0;
}

static int store_kinds(const struct option_spec *spec, uint32_t *mask, const char *text, struct error *e)
{
        uint32_t kinds = 0;

        for (const char *word = text; word;) {
                const char *end = strchrnul(word, ',');
                size_t length = (size_t)(end - word);
                enum kind kind;

                if (length == 3 && !memcmp(word, "all", 3))
                        kinds |= (1u << KIND_COUNT) - 1;
                else if (kind_parse(word, length, &kind))
                        kinds |= 1u << kind;
                else
                        return error_set(e, ERROR_USAGE,
                                         "option '--%s': '%.*s' is no kind; use definite, cycle, indirect, possible, "
                                         "reachable, unknown or all, separated by commas",
                                         spec->name, (int)length, word);
                word = *end ? end + 1 : NULL;
        }
        *mask = kinds;
        return 0;
}

static int store(const struct found *found, const char *text, struct error *e)
{
        const struct option_spec *spec = found->spec;

        if (spec->type != OPTION_FLAG && !*text)
                return error_set(e, ERROR_USAGE, "option '--%s' wants a value (%s), not nothing", spec->name,
                                 spec->value);
        switch (spec->type) {
        case OPTION_FLAG:
                *(bool *)found->value = true;
                return 0;
        case OPTION_TEXT:
                *(const char **)found->value = text;
                return 0;
        case OPTION_LIST:
                return store_list(spec, found->value, text, e);
        case OPTION_CHOICE:
                return store_choice(spec, found->value, text, e);
        case OPTION_SIZE:
                return store_size(spec, found->value, text, e);
        case OPTION_KINDS:
                return store_kinds(spec, found->value, text, e);
        }
        return error_set(e, ERROR_FAILED, "option '--%s' has no type", spec->name);
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
                return store(&found, NULL, e) ? -1 : 1;
        }
        if (value)
                return store(&found, value, e) ? -1 : 1;
        if (at + 1 >= argc)
                return error_set(e, ERROR_USAGE, "option '--%s' wants a value: %s", found.spec->name,
                                 found.spec->value);
        return store(&found, argv[at + 1], e) ? -1 : 2;
}

static bool asks_for_help(const char *word)
{
        return !strcmp(word, "--help") || !strcmp(word, "-h");
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
                if (asks_for_help(word)) {
                        result->help = true;
                        return 0;
                }
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

void options_print(const struct option_group *groups, size_t count, FILE *out)
{
        for (size_t g = 0; g < count; g++) {
                fprintf(out, "\n%s:\n", groups[g].title);
                for (size_t i = 0; i < groups[g].count; i++) {
                        const struct option_spec *spec = &groups[g].specs[i];
                        char left[80];

                        snprintf(left, sizeof left, "%s%c%s--%s%s%s", spec->letter ? "-" : " ",
                                 spec->letter ? spec->letter : ' ', spec->letter ? "," : " ", spec->name,
                                 spec->value ? "=" : "", spec->value ? spec->value : "");
                        fprintf(out, "  %-30s %s\n", left, spec->help);
                }
        }
}
