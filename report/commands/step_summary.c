#include "step_summary.h"

#include "emit/writers.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LEAKS_MOST = 50 };

static int cannot(const char *path, int errnum, struct error *e)
{
        return error_set_errno(e, ERROR_FAILED, errnum, "cannot write the step summary to %s", path);
}

/* Appends one attempt: 1 when it is too large, which is taken back. */
static int append(FILE *out, const struct report *report, const struct format_options *options, size_t limit)
{
        struct format_options format = *options;
        struct stat before, after;

        format.limit = limit;
        if (fstat(fileno(out), &before))
                return -1;
        markdown_write(report, &format, out);
        if (fflush(out) || ferror(out) || fstat(fileno(out), &after)) {
                int errnum = errno;

                (void)!ftruncate(fileno(out), before.st_size);
                errno = errnum;
                return -1;
        }
        if (!S_ISREG(after.st_mode) || after.st_size <= STEP_SUMMARY_MOST)
                return 0;
        return ftruncate(fileno(out), before.st_size) ? -1 : 1;
}

int step_summary(const struct report *report, const struct format_options *options, struct error *e)
{
        const char *path = getenv("GITHUB_STEP_SUMMARY");
        FILE *out = path && *path ? fopen(path, "ae") : NULL;
        size_t limit = LEAKS_MOST;
        int result, errnum;

        if (!path || !*path)
                return 0;
        if (!out)
                return cannot(path, errno, e);
        do
                result = append(out, report, options, limit);
        while (result > 0 && (limit /= 2));
        errnum = errno;
        (void)fclose(out);
        return result < 0 ? cannot(path, errnum, e) : 0;
}
