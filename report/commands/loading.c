#include "loading.h"

#include "emit/json_read.h"
#include "judging.h"
#include "policy/assemble.h"
#include "policy/look.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

bool loading_is_capture(const char *path)
{
        enum { MAGIC = sizeof CAPTURE_FILE_MAGIC - 1 };
        int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
        char head[MAGIC];
        struct stat st;
        bool is;

        if (fd < 0)
                return false;
        /* The first bytes of a pipe must stay in it. */
        is = !fstat(fd, &st) && S_ISREG(st.st_mode) && read(fd, head, MAGIC) == MAGIC &&
             !memcmp(head, CAPTURE_FILE_MAGIC, MAGIC);
        close(fd);
        return is;
}

void loading_forget(struct capture_file *file)
{
        for (struct process *p = capture_file_run(file)->processes; p; p = p->next)
                look_forget(NULL, p);
}

/* The policy that always applies: suppressions that are built in. */
static int judge(struct report *report, struct error *e)
{
        const struct shared_policy none = { 0 };
        struct judging judging;
        int status = judging_load(&judging, &none, e) || judging_apply(&judging, report, e) ? -1 : 0;

        judging_deinit(&judging);
        return status;
}

struct report *loading_capture(struct capture_file *file, struct symbols *symbols, const struct shared_output *options,
                               bool raw, struct error *e)
{
        const struct look_options look = {
                .reachable = options->kinds & 1u << KIND_REACHABLE,
                .retained = options->retained,
                .limit = (size_t)options->limit.value,
                .symbols = symbols,
        };
        const struct assemble_options wanted = {
                .command = capture_file_command(file),
                .retained = options->retained,
        };
        struct report *report;

        if (look_at_capture(file, &look, e))
                return NULL;
        report = report_create();
        if (!report) {
                (void)error_no_memory(e, "making the report");
                return NULL;
        }
        if (!assemble(report, capture_file_run(file), symbols, &wanted, e) && (raw || !judge(report, e)))
                return report;
        report_destroy(report);
        return NULL;
}

struct symbols *loading_symbols(struct capture_file *file, struct symbols **own, struct error *e)
{
        *own = NULL;
        if (capture_file_symbols(file))
                return capture_file_symbols(file);
        return *own = symbols_create(NULL, e);
}

static struct report *read_capture(const char *path, const struct shared_output *options, bool raw,
                                   struct error *e)
{
        struct capture_file *file = capture_file_open(path, e);
        struct symbols *own = NULL, *symbols = file ? loading_symbols(file, &own, e) : NULL;
        struct report *report = symbols ? loading_capture(file, symbols, options, raw, e) : NULL;

        symbols_destroy(own);
        if (file)
                loading_forget(file);
        capture_file_close(file);
        return report;
}

struct report *loading_for(const char *path, const struct shared_output *options, bool raw, struct error *e)
{
        struct report *report;

        if (loading_is_capture(path))
                return read_capture(path, options, raw, e);
        report = json_read(path, e);
        if (!report || !options->retained || report->has_retained)
                return report;
        report_destroy(report);
        (void)error_set(e, ERROR_FAILED,
                        "%s is a report that does not say what keeps the memory: that needs a capture (weir run "
                        "--capture FILE), or a report of weir run --retained",
                        path);
        return NULL;
}

struct report *loading_report(const char *path, uint32_t kinds, bool raw, struct error *e)
{
        const struct shared_output options = { .kinds = kinds };

        return loading_for(path, &options, raw, e);
}
