/*
 * cmd_memcheck.c: weir for those who call Valgrind: CTest's memory checker,
 * scripts, wrappers.  It takes memcheck's options, and its log has memcheck's
 * form.  `weir --tool=memcheck ...` is the same: see memcheck_is_meant.
 *
 * What memcheck finds besides leaks is not looked for; options that only
 * change that, or how Valgrind does it, are taken and have no effect.
 */
#include "command.h"

#include "emit/kinds.h"
#include "emit/report.h"
#include "tracing.h"

#include <limits.h>
#include <string.h>

struct memcheck_options {
        const char *log_file, *xml_file;
        struct option_size log_fd, xml_fd;
        int xml, tool;
        int leak_check;
        int show_reachable, hide_possible;
        const char *show_kinds, *error_kinds;
        struct option_size error_exitcode, callers;
        struct option_list suppressions;
        bool quiet;
        bool ignored_flag;
        const char *ignored;
};

enum { LEAK_CHECK_SUMMARY, LEAK_CHECK_NO, LEAK_CHECK_YES, LEAK_CHECK_FULL };
enum { NUM_CALLERS = 12 };

#define AT(member) offsetof(struct memcheck_options, member)
#define IGNORED(name)                                                                   \
        {                                                                               \
                name, 0, OPTION_TEXT, "...", "taken, without effect", AT(ignored), true \
        }

static const struct option_spec specs[] = {
        { "tool", 0, OPTION_CHOICE, "memcheck", "no other", AT(tool) },
        { "leak-check", 0, OPTION_CHOICE, "summary|no|yes|full", "yes or full: list the leaks", AT(leak_check) },
        { "show-leak-kinds", 0, OPTION_TEXT, "KINDS", "list these (definite,possible), or all", AT(show_kinds) },
        { "show-reachable", 0, OPTION_CHOICE, "no|yes", "yes: list all kinds", AT(show_reachable) },
        { "show-possibly-lost", 0, OPTION_CHOICE, "yes|no", "no: leave these out", AT(hide_possible) },
        { "errors-for-leak-kinds", 0, OPTION_TEXT, "KINDS", "these are errors (definite,possible)", AT(error_kinds) },
        { "error-exitcode", 0, OPTION_NUMBER, "N", "exit with N when there are errors", AT(error_exitcode) },
        { "num-callers", 0, OPTION_NUMBER, "N", "frames of a stack (12)", AT(callers) },
        { "suppressions", 0, OPTION_LIST, "FILE", "leave out what FILE names; repeatable", AT(suppressions) },
        { "log-file", 0, OPTION_TEXT, "FILE", "write there, not to standard error; %p: its pid", AT(log_file) },
        { "log-fd", 0, OPTION_NUMBER, "N", "write to this descriptor", AT(log_fd) },
        { "xml", 0, OPTION_CHOICE, "no|yes", "write XML as well, to", AT(xml) },
        { "xml-file", 0, OPTION_TEXT, "FILE", "this file, or", AT(xml_file) },
        { "xml-fd", 0, OPTION_NUMBER, "N", "this descriptor", AT(xml_fd) },
        { "quiet", 'q', OPTION_FLAG, NULL, "write only what is wrong", AT(quiet) },
        { "verbose", 'v', OPTION_FLAG, NULL, "taken, without effect", AT(ignored_flag), true },
        IGNORED("trace-children"),
        IGNORED("trace-children-skip"),
        IGNORED("child-silent-after-fork"),
        IGNORED("track-origins"),
        IGNORED("track-fds"),
        IGNORED("undef-value-errors"),
        IGNORED("leak-resolution"),
        IGNORED("leak-check-heuristics"),
        IGNORED("gen-suppressions"),
        IGNORED("error-limit"),
        IGNORED("vgdb"),
        IGNORED("time-stamp"),
        IGNORED("demangle"),
        IGNORED("fullpath-after"),
        IGNORED("read-var-info"),
        IGNORED("read-inline-info"),
        IGNORED("keep-debuginfo"),
        IGNORED("keep-stacktraces"),
        IGNORED("expensive-definedness-checks"),
        IGNORED("partial-loads-ok"),
        IGNORED("freelist-vol"),
        IGNORED("freelist-big-blocks"),
        IGNORED("malloc-fill"),
        IGNORED("free-fill"),
        IGNORED("show-mismatched-frees"),
        IGNORED("redzone-size"),
        IGNORED("alignment"),
        IGNORED("max-stackframe"),
        IGNORED("main-stacksize"),
        IGNORED("run-libc-freeres"),
        IGNORED("run-cxx-freeres"),
        IGNORED("sim-hints"),
        IGNORED("smc-check"),
        IGNORED("fair-sched"),
        IGNORED("default-suppressions"),
};

static const struct option_group groups[] = {
        { "As Valgrind has them", specs, sizeof specs / sizeof specs[0], 0 },
};

/* ---- kinds ---------------------------------------------------------------- */

static const struct {
        const char *name;
        uint32_t mask;
} kinds[] = {
        { "definite", 1u << KIND_DEFINITE | 1u << KIND_CYCLE },
        { "indirect", 1u << KIND_INDIRECT },
        { "possible", 1u << KIND_POSSIBLE | 1u << KIND_UNKNOWN },
        { "reachable", 1u << KIND_REACHABLE },
        { "all", KINDS_ALL },
        { "none", 0 },
};

static int parse_kinds(const char *option, const char *text, uint32_t *mask, struct error *e)
{
        *mask = 0;
        for (const char *word = text; word;) {
                size_t length = strcspn(word, ","), i = 0;

                while (i < sizeof kinds / sizeof kinds[0] &&
                       (strlen(kinds[i].name) != length || memcmp(kinds[i].name, word, length)))
                        i++;
                if (i == sizeof kinds / sizeof kinds[0])
                        return error_set(e, ERROR_USAGE,
                                         "option '--%s': '%.*s' is no kind of Valgrind's; use definite, indirect, "
                                         "possible, reachable, all or none",
                                         option, (int)length, word);
                *mask |= kinds[i].mask;
                word = word[length] ? word + length + 1 : NULL;
        }
        return 0;
}

static bool lists_leaks(const struct memcheck_options *memcheck)
{
        return memcheck->leak_check == LEAK_CHECK_YES || memcheck->leak_check == LEAK_CHECK_FULL;
}

static int choose_kinds(const struct memcheck_options *memcheck, struct run_options *run, struct error *e)
{
        const char *usual = "definite,possible";
        uint32_t errors;

        if (parse_kinds("show-leak-kinds", memcheck->show_kinds ? memcheck->show_kinds : usual, &run->output.kinds,
                        e) ||
            parse_kinds("errors-for-leak-kinds", memcheck->error_kinds ? memcheck->error_kinds : usual, &errors, e))
                return -1;
        if (memcheck->show_reachable)
                run->output.kinds = KINDS_ALL;
        if (memcheck->hide_possible)
                run->output.kinds &= ~(1u << KIND_POSSIBLE | 1u << KIND_UNKNOWN);
        if (!lists_leaks(memcheck))
                run->output.kinds = 0;
        else if (memcheck->error_exitcode.value)
                run->policy.fail_on = errors;
        return 0;
}

/* ---- places --------------------------------------------------------------- */

/* Texts that the options made here point to. */
struct places {
        char log[64], xml[64], xml_form[PATH_MAX + 64];
};

static int check_name(const char *option, const char *name, struct error *e)
{
        if (name && strstr(name, "%q"))
                return error_set(e, ERROR_USAGE, "option '--%s': weir knows %%p and %%%% in a name, not %%q", option);
        return 0;
}

/* The file, or the descriptor as one; NULL when neither is given. */
static const char *place_of(const char *file, const struct option_size *fd, char buffer[64])
{
        if (file || !fd->given)
                return file;
        (void)snprintf(buffer, 64, "/dev/fd/%u", (unsigned)fd->value);
        return buffer;
}

static int choose_places(const struct memcheck_options *memcheck, struct run_options *run, struct places *places,
                         struct error *e)
{
        const char *log = place_of(memcheck->log_file, &memcheck->log_fd, places->log);
        const char *xml = place_of(memcheck->xml_file, &memcheck->xml_fd, places->xml);
        struct option_list *forms = &run->output.formats;

        if (check_name("log-file", log, e) || check_name("xml-file", xml, e))
                return -1;
        if (memcheck->xml && !xml)
                return error_set(e, ERROR_USAGE, "option '--xml' wants a place: --xml-file or --xml-fd");
        if (forms->count + 2 > OPTION_LIST_MAX)
                return error_set(e, ERROR_USAGE, "more than %d forms are asked for", OPTION_LIST_MAX);
        if (snprintf(places->xml_form, sizeof places->xml_form, "valgrind-xml=%s", xml ? xml : "") >=
            (int)sizeof places->xml_form)
                return error_set(e, ERROR_USAGE, "the name of the XML file is too long");
        run->output.report = log;
        forms->items[forms->count++] = "valgrind";
        if (memcheck->xml)
                forms->items[forms->count++] = places->xml_form;
        return 0;
}

/* ---- the command ---------------------------------------------------------- */

static int choose(const struct memcheck_options *memcheck, struct run_options *run, struct places *places,
                  struct error *e)
{
        struct option_list *list = &run->policy.suppressions;

        if (run_options_from_environment(run, e) || choose_kinds(memcheck, run, e) ||
            choose_places(memcheck, run, places, e))
                return -1;
        for (size_t i = 0; i < memcheck->suppressions.count; i++) {
                if (list->count == OPTION_LIST_MAX)
                        return error_set(e, ERROR_USAGE, "more than %d files of suppressions", OPTION_LIST_MAX);
                list->items[list->count++] = memcheck->suppressions.items[i];
        }
        run->output.frames = memcheck->callers.given ? memcheck->callers.value : NUM_CALLERS;
        run->output.brief = memcheck->quiet;
        return 0;
}

static int run(void *options, int argc, char **argv, struct error *e)
{
        const struct memcheck_options *memcheck = options;
        struct run_options run_options = { 0 };
        struct places places;
        int status;

        if (!argc)
                return error_set(e, ERROR_USAGE, "a command to trace is missing: weir memcheck [options] COMMAND");
        if (choose(memcheck, &run_options, &places, e))
                return -1;
        status = run_traced(&run_options, argv, e);
        if (memcheck->error_exitcode.value && (status == EXIT_GATE_FAILED || status == EXIT_GATE_INCOMPLETE))
                return (int)(memcheck->error_exitcode.value & 0xff);
        return status;
}

bool memcheck_is_meant(int argc, char **argv)
{
        for (int i = 1; i < argc && argv[i][0] == '-'; i++) {
                size_t length = strcspn(argv[i], "=");

                for (size_t s = 0; s < sizeof specs / sizeof specs[0]; s++)
                        if (argv[i][1] == '-' && strlen(specs[s].name) + 2 == length &&
                            !memcmp(argv[i] + 2, specs[s].name, length - 2))
                                return true;
        }
        return false;
}

const struct command command_memcheck = {
        .name = "memcheck",
        .arguments = "COMMAND [ARG...]",
        .summary = "the same for those who call Valgrind, such as CTest",
        .description = "Takes the options of Valgrind's memcheck and writes a log of its form.  Finds leaks,\n"
                       "nothing else.  'weir --tool=memcheck ...' and the like mean this command.\n",
        .groups = groups,
        .group_count = sizeof groups / sizeof groups[0],
        .options_size = sizeof(struct memcheck_options),
        .flags = OPTIONS_STOP,
        .hidden = true, /* who wants it knows its options */
        .run = run,
};
