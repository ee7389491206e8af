#include "command.h"

#include "complete.h"
#include "emit/schema.h"
#include "mem.h"
#include "nearest.h"
#include "policy/suppress.h"

#include <stdio.h>
#include <string.h>

/* Sorted by name. */
static const struct command *const commands[] = {
        &command_collect,
        &command_diff,
        &command_doctor,
        &command_gate,
        &command_memcheck,
        &command_report,
        &command_run,
        &command_why,
};

enum { COMMANDS = sizeof commands / sizeof commands[0] };

static const struct {
        const char *status, *when;
} exit_lines[] = {
        { "the command's own", "the gate passed or is off; death by a signal is passed on" },
        { "23", "the gate failed" },
        { "24", "a gate was asked for and the evidence is incomplete" },
        { "125", "weir failed, was misused, or cannot trace this command" },
        { "126, 127", "the command cannot be run; was not found" },
};

/* The command of that name, or NULL. */
static const struct command *find(const char *name)
{
        for (size_t i = 0; i < COMMANDS; i++)
                if (!strcmp(commands[i]->name, name))
                        return commands[i];
        return NULL;
}

static void complain(const struct error *e)
{
        fprintf(stderr, "weir: %s\n", e->text);
}

static void print_help(FILE *out)
{
        fputs("usage: weir COMMAND [options] ...\n"
              "\n"
              "Traces a program's heap from its first allocation on, and says what leaks.\n"
              "\n"
              "    weir run -- ./app               what does it leak?\n"
              "    weir run --gate -- make check   fail a build that leaks\n"
              "\n"
              "Commands:\n",
              out);
        for (size_t i = 0; i < COMMANDS; i++)
                if (!commands[i]->hidden)
                        fprintf(out, "  %-8s %s\n", commands[i]->name, commands[i]->summary);
        fputs("\nExit status:\n", out);
        for (size_t i = 0; i < sizeof exit_lines / sizeof exit_lines[0]; i++)
                fprintf(out, "  %-18s %s\n", exit_lines[i].status, exit_lines[i].when);
        fputs("\n'weir COMMAND --help' explains a command; --version, --print-schema,\n--print-suppressions; man weir.\n", out);
}

static void print_command_help(const struct command *command, bool all, FILE *out)
{
        size_t left_out;

        fprintf(out, "usage: weir %s [options] %s\n\n%s", command->name, command->arguments, command->description);
        left_out = options_print(command->groups, command->group_count, all, out);
        if (left_out)
                fprintf(out, "'weir %s --help=all' shows %zu more; man weir explains them.\n", command->name, left_out);
}

static int fail(const struct error *e, const struct command *command)
{
        complain(e);
        if (e->code == ERROR_USAGE)
                fprintf(stderr, "weir: see 'weir %s%s--help'\n", command ? command->name : "", command ? " " : "");
        return error_exit_status(e);
}

/* Standard output is the answer of --help, --version and --print-schema: an
 * answer that could not be written is a failure. */
static int printed(struct error *e)
{
        if (!fflush(stdout) && !ferror(stdout))
                return 0;
        error_set(e, ERROR_FAILED, "standard output cannot be written");
        return fail(e, NULL);
}

static int run_command(const struct command *command, int argc, char **argv, void *options, struct error *e)
{
        struct options_result parsed;
        int status;

        if (command->defaults && command->defaults(options, e))
                return fail(e, command);
        if (options_parse(command->groups, command->group_count, command->flags, argc, argv, options, &parsed, e))
                return fail(e, command);
        if (parsed.help) {
                print_command_help(command, parsed.help_all, stdout);
                return printed(e);
        }
        status = command->run(options, argc - parsed.first, argv + parsed.first, e);
        return status < 0 ? fail(e, command) : status;
}

static int dispatch(const struct command *command, int argc, char **argv, struct error *e)
{
        void *options = mem_alloc(1, command->options_size);
        int status;

        if (!options) {
                error_no_memory(e, "reading the options");
                return fail(e, command);
        }
        status = run_command(command, argc, argv, options, e);
        mem_free(options);
        return status;
}

static int no_such_command(const char *name, struct error *e)
{
        struct nearest near = nearest_to(name, strlen(name));

        for (size_t i = 0; i < COMMANDS; i++)
                if (!commands[i]->hidden)
                        nearest_offer(&near, commands[i]->name);
        if (near.best)
                error_set(e, ERROR_USAGE, "'%s' is no weir command; did you mean 'weir %s'?", name, near.best);
        else
                error_set(e, ERROR_USAGE, "'%s' is no weir command; to trace a program: weir run -- %s", name, name);
        return fail(e, NULL);
}

static int help_for(const char *name, struct error *e)
{
        const struct command *command = find(name);

        if (!command)
                return no_such_command(name, e);
        print_command_help(command, false, stdout);
        return printed(e);
}

int command_main(int argc, char **argv)
{
        struct error e = { 0 };
        const struct command *command;
        const char *word = argc > 1 ? argv[1] : NULL;

        if (!word) {
                print_help(stderr);
                return 125;
        }
        if (!strcmp(word, "--version")) {
                printf("weir %s\n", WEIR_VERSION);
                return printed(&e);
        }
        if (!strcmp(word, "--print-schema")) {
                fputs(schema_text(), stdout);
                return printed(&e);
        }
        if (!strcmp(word, "--print-suppressions")) {
                fputs(suppressions_built_in(), stdout);
                return printed(&e);
        }
        if (!strcmp(word, "--complete")) {
                complete(commands, COMMANDS, argv + 2, (size_t)argc - 2, stdout);
                return printed(&e);
        }
        if (!strcmp(word, "help") && argc > 2)
                return help_for(argv[2], &e);
        if (!strcmp(word, "--help") || !strcmp(word, "-h") || !strcmp(word, "help")) {
                print_help(stdout);
                return printed(&e);
        }
        if (memcheck_is_meant(argc, argv))
                return dispatch(&command_memcheck, argc, argv, &e);
        if (*word == '-') {
                error_set(&e, ERROR_USAGE, "unknown option '%s'; to trace a program: weir run [options] -- COMMAND",
                          word);
                return fail(&e, NULL);
        }
        command = find(word);
        if (!command)
                return no_such_command(word, &e);
        return dispatch(command, argc - 1, argv + 1, &e);
}
