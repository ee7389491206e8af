#include "option_values.h"

#include "emit/kinds.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

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

/* "64K" of the given length; false when it is no such number. */
static bool read_size(const char *text, size_t length, uint64_t *size)
{
        char copy[32], *end;
        unsigned long long value;
        unsigned shift;

        if (!length || length >= sizeof copy)
                return false;
        memcpy(copy, text, length);
        copy[length] = '\0';
        errno = 0;
        value = strtoull(copy, &end, 10);
        if (*copy < '0' || *copy > '9' || errno || !suffix_shift(end, &shift) || value > (UINT64_MAX >> shift))
                return false;
        *size = (uint64_t)value << shift;
        return true;
}

/* One "N" or "KIND=N" of the given length. */
static bool read_limit(struct option_limits *limits, const char *text, size_t length)
{
        const char *sign = memchr(text, '=', length);
        size_t before = sign ? (size_t)(sign - text) + 1 : 0;
        struct option_size limit = { .given = true };
        enum kind kind;

        if (!read_size(text + before, length - before, &limit.value))
                return false;
        if (!sign)
                limits->all = limit;
        else if (kind_parse(text, before - 1, &kind))
                limits->kinds[kind] = limit;
        else
                return false;
        return true;
}

static int store_limits(const struct option_spec *spec, struct option_limits *limits, const char *text, struct error *e)
{
        for (const char *word = text; word;) {
                size_t length = strcspn(word, ",");

                if (!read_limit(limits, word, length))
                        return error_set(e, ERROR_USAGE,
                                         "option '--%s' wants a number such as 4096 or 64K, or one for a kind such as "
                                         "definite=64K, separated by commas, not '%.*s'",
                                         spec->name, (int)length, word);
                word = word[length] ? word + length + 1 : NULL;
        }
        return 0;
}

static int store_growth(const struct option_spec *spec, struct option_growth *growth, const char *text, struct error *e)
{
        size_t length = strlen(text);
        bool percent = length && text[length - 1] == '%';
        uint64_t value;

        if (!read_size(text, length - percent, &value) || (percent && value > UINT32_MAX))
                return error_set(e, ERROR_USAGE,
                                 "option '--%s' wants a share such as 10%% or bytes such as 4K, not '%s'", spec->name,
                                 text);
        *growth = percent ? (struct option_growth){ .percent = (uint32_t)value }
                          : (struct option_growth){ .bytes = value };
        return 0;
}

static int store_number(const struct option_spec *spec, struct option_size *number, const char *text, struct error *e)
{
        bool may_be_all = spec->type == OPTION_LIMIT, all = may_be_all && !strcmp(text, "all");
        unsigned long long value;
        char *end;

        errno = 0;
        value = all ? 0 : strtoull(text, &end, 10);
        if (!all && (*text < '0' || *text > '9' || errno || *end))
                return error_set(e, ERROR_USAGE, "option '--%s' wants a number%s, not '%s'", spec->name,
                                 may_be_all ? " or all" : "", text);
        *number = (struct option_size){ .given = true, .value = value };
        return 0;
}

static int store_kinds(const struct option_spec *spec, uint32_t *mask, const char *text, struct error *e)
{
        const char *bad = kinds_parse(text, mask);

        return bad ? error_set(e, ERROR_USAGE,
                               "option '--%s': '%.*s' is no kind; use definite, cycle, indirect, possible, reachable, "
                               "unknown or all, separated by commas",
                               spec->name, (int)strcspn(bad, ","), bad)
                   : 0;
}

int option_store(const struct option_spec *spec, void *to, const char *text, struct error *e)
{
        if (spec->type != OPTION_FLAG && !*text)
                return error_set(e, ERROR_USAGE, "option '--%s' wants a value (%s), not nothing", spec->name,
                                 spec->value);
        switch (spec->type) {
        case OPTION_FLAG:
                *(bool *)to = true;
                return 0;
        case OPTION_TEXT:
        case OPTION_MAYBE:
                *(const char **)to = text;
                return 0;
        case OPTION_LIST:
                return store_list(spec, to, text, e);
        case OPTION_CHOICE:
                return store_choice(spec, to, text, e);
        case OPTION_NUMBER:
        case OPTION_LIMIT:
                return store_number(spec, to, text, e);
        case OPTION_KINDS:
                return store_kinds(spec, to, text, e);
        case OPTION_LIMITS:
                return store_limits(spec, to, text, e);
        case OPTION_GROWTH:
                return store_growth(spec, to, text, e);
        }
        return error_set(e, ERROR_FAILED, "option '--%s' has no type", spec->name);
}
