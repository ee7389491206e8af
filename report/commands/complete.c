#include "complete.h"

#include "emit/format.h"

#include <string.h>

static bool begins(const char *text, const char *prefix)
{
        return !strncmp(text, prefix, strlen(prefix));
}

static void offer(const char *candidate, const char *typed, FILE *out)
{
        if (begins(candidate, typed))
                fprintf(out, "%s\n", candidate);
}

/* ---- values -------------------------------------------------------------- */

static bool takes_value(const struct option_spec *spec)
{
        return spec->type != OPTION_FLAG && spec->type != OPTION_MAYBE;
}

/* The words of "auto|always|never", each after `before`. */
static void offer_words(const char *words, const char *before, const char *typed, FILE *out)
{
        char line[512];

        for (const char *at = words; *at;) {
                size_t length = strcspn(at, "|");

                (void)snprintf(line, sizeof line, "%s%.*s", before, (int)length, at);
                offer(line, typed, out);
                at += length + (at[length] != 0);
        }
}

/* Kinds are a list: the last of it is completed. */
static void offer_kinds(const char *before, const char *typed, FILE *out)
{
        const char *value = typed + strlen(before), *last = strrchr(value, ',');
        int kept = last ? (int)(last + 1 - typed) : (int)strlen(before);
        char line[512];

        for (enum kind kind = 0; kind < KIND_COUNT; kind++) {
                (void)snprintf(line, sizeof line, "%.*s%s", kept, typed, kind_name(kind));
                offer(line, typed, out);
        }
        (void)snprintf(line, sizeof line, "%.*sall", kept, typed);
        offer(line, typed, out);
}

/* The forms of a report; a file may follow, which the user knows. */
static void offer_forms(const char *before, const char *typed, FILE *out)
{
        char line[64];

        for (const struct format *format = formats; format->name; format++) {
                (void)snprintf(line, sizeof line, "%s%s", before, format->name);
                offer(line, typed, out);
        }
}

/* The value of `spec`; `typed` begins with `before`, "" or "--name=". */
static void offer_value(const struct option_spec *spec, const char *before, const char *typed, FILE *out)
{
        if (spec->type == OPTION_KINDS)
                offer_kinds(before, typed, out);
        else if (spec->value && strchr(spec->value, '|'))
                offer_words(spec->value, before, typed, out);
        else if (spec->value && begins(spec->value, "FORM[=FILE]"))
                offer_forms(before, typed, out);
        else if (spec->value && strstr(spec->value, "FILE"))
                fputs(":files\n", out);
}

/* ---- options ------------------------------------------------------------- */

static const struct option_spec *find_option(const struct command *command, const char *name, size_t length)
{
        for (size_t g = 0; g < command->group_count; g++)
                for (size_t i = 0; i < command->groups[g].count; i++) {
                        const struct option_spec *spec = &command->groups[g].specs[i];

                        if (strlen(spec->name) == length && !strncmp(spec->name, name, length))
                                return spec;
                }
        return NULL;
}

static const struct option_spec *find_letter(const struct command *command, char letter)
{
        for (size_t g = 0; g < command->group_count; g++)
                for (size_t i = 0; i < command->groups[g].count; i++)
                        if (command->groups[g].specs[i].letter == letter)
                                return &command->groups[g].specs[i];
        return NULL;
}

/* The option that the next word is the value of; NULL when there is none. */
static const struct option_spec *awaits_value(const struct command *command, const char *word)
{
        const struct option_spec *spec = NULL;

        if (begins(word, "--") && !strchr(word, '='))
                spec = find_option(command, word + 2, strlen(word + 2));
        else if (*word == '-' && word[1] && word[1] != '-' && !word[2])
                spec = find_letter(command, word[1]);
        return spec && takes_value(spec) ? spec : NULL;
}

static void offer_options(const struct command *command, const char *typed, FILE *out)
{
        char line[256];

        for (size_t g = 0; g < command->group_count; g++)
                for (size_t i = 0; i < command->groups[g].count; i++) {
                        const struct option_spec *spec = &command->groups[g].specs[i];

                        (void)snprintf(line, sizeof line, "--%s%s", spec->name, takes_value(spec) ? "=" : "");
                        offer(line, typed, out);
                }
        offer("--help", typed, out);
}

static void offer_option(const struct command *command, const char *typed, FILE *out)
{
        const char *equals = strchr(typed, '=');
        const struct option_spec *spec;
        char before[256];

        if (!equals || !begins(typed, "--")) {
                offer_options(command, typed, out);
                return;
        }
        spec = find_option(command, typed + 2, (size_t)(equals - typed - 2));
        (void)snprintf(before, sizeof before, "%.*s", (int)(equals + 1 - typed), typed);
        if (spec)
                offer_value(spec, before, typed, out);
}

/* ---- words --------------------------------------------------------------- */

static void complete_command(const struct command *command, char **words, size_t count, FILE *out)
{
        const struct option_spec *awaited = NULL;
        bool only_operands = false;

        for (size_t i = 1; i + 1 < count; i++) {
                if (awaited) {
                        awaited = NULL;
                        continue;
                }
                if (!strcmp(words[i], "--"))
                        only_operands = true;
                else if (!only_operands && *words[i] == '-')
                        awaited = awaits_value(command, words[i]);
                else if (command->flags & OPTIONS_STOP) {
                        fprintf(out, ":command %zu\n", i);
                        return;
                }
        }
        if (awaited)
                offer_value(awaited, "", words[count - 1], out);
        else if (!only_operands && *words[count - 1] == '-')
                offer_option(command, words[count - 1], out);
        else if (command->flags & OPTIONS_STOP)
                fprintf(out, ":command %zu\n", count - 1);
        else
                fputs(":files\n", out);
}

void complete(const struct command *const *commands, size_t command_count, char **words, size_t count, FILE *out)
{
        static const char *const global[] = { "--help", "--version", "--print-schema", "--print-suppressions" };

        if (count == 0)
                return;
        for (size_t i = 0; count > 1 && i < command_count; i++)
                if (!commands[i]->hidden && !strcmp(commands[i]->name, words[0])) {
                        complete_command(commands[i], words, count, out);
                        return;
                }
        if (count > 1)
                return;
        for (size_t i = 0; i < command_count; i++)
                if (!commands[i]->hidden)
                        offer(commands[i]->name, words[0], out);
        for (size_t i = 0; i < sizeof global / sizeof global[0]; i++)
                if (*words[0] == '-')
                        offer(global[i], words[0], out);
}
