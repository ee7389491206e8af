#include "tracing.h"

#include "clock.h"
#include "collect/collector.h"
#include "command.h"
#include "judging.h"
#include "mem.h"
#include "pattern.h"
#include "policy/ahead.h"
#include "policy/assemble.h"
#include "policy/look.h"
#include "progress.h"
#include "symbols/symbols.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

enum { WAIT_DEFAULT_S = 2 };

/* One run, from the collector to the verdict. */
struct tracing {
        struct look_options look; /* first: the collector's callbacks get a pointer to it, and to us */
        const struct run_options *options;
        char *const *command; /* NULL: a bare session */
        struct judging judging;
        struct collector_options collector; /* the result may refer to it */
        struct collector_result result;
        struct symbols *symbols; /* the worker's while processes are looked at, then ours */
        struct ahead ahead;
        struct report *report;
};

/* ---- files ---------------------------------------------------------------- */

/* A name with the process in it is not known yet: until it is, the file stands beside
 * it, by a name that is this run's alone. */
static char *first_name(const char *pattern)
{
        char *name = pattern_name(pattern, getpid()), *part;

        if (!name || !pattern_wants_pid(pattern))
                return name;
        part = mem_format("%s.part", name);
        mem_free(name);
        return part;
}

static int open_capture(struct tracing_files *files, const struct tracing_options *options, struct error *e)
{
        if (options->capture) {
                files->capture = first_name(options->capture);
                if (!files->capture)
                        return error_no_memory(e, "opening the capture file");
        }
        return store_open(&files->store, files->capture, options->capture_contents, e);
}

/* Gives the complete capture its name. */
static int name_capture(struct tracing_files *files, const char *pattern, int32_t pid, struct error *e)
{
        char *name;
        int result = 0;

        if (!pattern || !pattern_wants_pid(pattern))
                return 0;
        name = pattern_name(pattern, pid);
        if (!name)
                return error_no_memory(e, "naming the capture file");
        if (rename(files->capture, name)) {
                result = error_set_errno(e, ERROR_FAILED, errno, "cannot write the capture file %s", name);
                (void)unlink(files->capture);
        }
        mem_free(name);
        return result;
}

int tracing_open(struct tracing_files *files, const struct run_options *options, FILE *fallback, struct error *e)
{
        const char *capture = options->trace.capture;

        *files = (struct tracing_files){ 0 };
        if (options->trace.capture_contents && !capture)
                return error_set(e, ERROR_USAGE,
                                 "--capture-contents says what is in a capture: it needs --capture FILE");
        if (printing_open(&files->printing, &options->output, fallback, e))
                return -1;
        if (capture && printing_writes(&files->printing, capture))
                return error_set(e, ERROR_USAGE, "%s cannot be both the report and the capture", capture);
        if (printing_claim(&files->printing, e))
                return -1;
        return open_capture(files, &options->trace, e);
}

void tracing_close(struct tracing_files *files)
{
        printing_close(&files->printing);
        store_deinit(&files->store);
        mem_free(files->capture);
        files->capture = NULL;
}

/* ---- collecting ----------------------------------------------------------- */

static void tell(void *context, const char *line)
{
        const struct tracing *tracing = context;

        if (!tracing->options->output.quiet)
                fprintf(stderr, "weir: %s\n", line);
}

static uint64_t wait_ns(const struct tracing_options *options)
{
        uint64_t seconds = options->wait.given ? options->wait.value : WAIT_DEFAULT_S;

        return seconds > UINT64_MAX / 1000000000 ? COLLECTOR_WAIT_FOREVER : seconds * 1000000000;
}

/* What the user does not want told, a program's own check does not count. */
static int rules_of_check(const struct look_options *options, struct suppressions *to, struct error *e)
{
        const struct tracing *tracing = (const struct tracing *)(const void *)options; /* its first member */

        return judging_rules(&tracing->options->policy, to, e);
}

static struct choice choice_of(const struct tracing_options *options)
{
        return (struct choice){
                .only = options->only.items,
                .only_count = options->only.count,
                .skip = options->skip.items,
                .skip_count = options->skip.count,
                .all = options->trace_all,
        };
}

static int collect(struct tracing *tracing, int socket, struct store *store, struct error *e)
{
        const struct tracing_options *trace = &tracing->options->trace;

        tracing->collector = (struct collector_options){
                .command = tracing->command,
                .wait_ns = wait_ns(trace),
                .drop = trace->on_full == ON_FULL_DROP,
                .check_stacks = trace->check_stacks,
                .choice = choice_of(trace),
                .bare_socket = socket,
                .snapshot = look_at_process,
                .forget = look_forget,
                .tell = tell,
                .context = tracing,
        };

        tracing->look.session_ns = clock_ns();
        tracing->look.store = store;
        tracing->look.rules = rules_of_check;
        tracing->look.retained = tracing->options->output.retained;
        tracing->look.limit = (size_t)tracing->options->output.limit.value;
        tracing->look.symbols = tracing->symbols;
        tracing->look.ahead = &tracing->ahead;
        tracing->look.reachable =
                (tracing->options->output.kinds | shared_policy_kinds(&tracing->options->policy)) & 1u << KIND_REACHABLE;
        return collector_run(&tracing->collector, &tracing->result, e);
}

static void forget_findings(struct collector_result *result)
{
        for (struct process *process = result->processes; process; process = process->next)
                look_forget(NULL, process);
}

/* ---- the report ------------------------------------------------------------- */

static int fill_report(struct tracing *tracing, struct error *e)
{
        struct progress progress = progress_begin(&tracing->options->output, "naming stacks");
        const struct assemble_options options = {
                .command = tracing->command,
                .all_names = store_wanted(tracing->look.store),
                .retained = tracing->options->output.retained,
                .progress = progress_show,
                .context = &progress,
        };
        int result = assemble(tracing->report, &tracing->result, tracing->symbols, &options, e);

        progress_end(&progress);
        return result;
}

static int make_report(struct tracing *tracing, struct error *e)
{
        tracing->report = report_create();
        if (!tracing->report)
                return error_no_memory(e, "making the report");
        if (fill_report(tracing, e))
                return -1;
        return judging_apply(&tracing->judging, tracing->report, e);
}

static int32_t first_pid(const struct tracing *tracing)
{
        if (tracing->command || !tracing->result.processes)
                return tracing->result.command_pid;
        return tracing->result.processes->pid;
}

/* ---- the end ----------------------------------------------------------------- */

/* Dies as the command did, so that whoever waits for weir sees it, without a
 * second core file. */
static int die_by(int signal)
{
        sigset_t mask;

        setrlimit(RLIMIT_CORE, &(struct rlimit){ 0, 0 });
        sigaction(signal, &(struct sigaction){ .sa_handler = SIG_DFL }, NULL);
        sigemptyset(&mask);
        sigaddset(&mask, signal);
        fflush(NULL);
        raise(signal);
        sigprocmask(SIG_UNBLOCK, &mask, NULL);
        return 128 + signal;
}

static int exit_status(const struct tracing *tracing)
{
        int verdict = judging_status(tracing->report);
        int status = tracing->result.command_status;

        if (verdict)
                return verdict;
        if (!tracing->result.command_ended)
                return 125;
        return WIFSIGNALED(status) ? die_by(WTERMSIG(status)) : WEXITSTATUS(status);
}

static int trace(struct tracing *tracing, int socket, struct tracing_files *files, struct error *e)
{
        int result;

        tracing->symbols = symbols_create(NULL, e);
        if (!tracing->symbols || judging_load(&tracing->judging, &tracing->options->policy, e) ||
            collect(tracing, socket, &files->store, e))
                return -1;
        ahead_end(&tracing->ahead);
        result = make_report(tracing, e);
        if (!result)
                result = judging_print(&tracing->judging, &files->printing, tracing->report, first_pid(tracing), e);
        if (!result)
                result = store_finish(&files->store, tracing->command, &tracing->result, tracing->symbols, e);
        if (!result)
                result = name_capture(files, tracing->options->trace.capture, first_pid(tracing), e);
        if (!tracing->command)
                collector_result_release(&tracing->result);
        return result;
}

static void tracing_deinit(struct tracing *tracing)
{
        ahead_end(&tracing->ahead);
        report_destroy(tracing->report);
        symbols_destroy(tracing->symbols);
        forget_findings(&tracing->result);
        collector_result_deinit(&tracing->result);
        judging_deinit(&tracing->judging);
}

int tracing_run(const struct run_options *options, char *const *argv, struct tracing_files *files, struct error *e)
{
        struct tracing tracing = { .options = options, .command = argv };
        int status = trace(&tracing, -1, files, e);

        if (!status)
                status = exit_status(&tracing);
        tracing_deinit(&tracing);
        return status;
}

int tracing_serve(const struct run_options *options, int socket, struct tracing_files *files, struct error *e)
{
        struct tracing tracing = { .options = options };
        int status = trace(&tracing, socket, files, e);

        tracing_deinit(&tracing);
        return status;
}
