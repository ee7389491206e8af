#include "progress.h"

#include "clock.h"

#include <stdio.h>
#include <unistd.h>

enum { PATIENCE_NS = 500000000, PAUSE_NS = 100000000 };

struct progress progress_begin(const struct shared_output *output, const char *doing)
{
        bool wanted = output->progress == PROGRESS_ALWAYS ||
                      (output->progress == PROGRESS_AUTO && !output->quiet && isatty(STDERR_FILENO));

        return (struct progress){ .doing = doing, .wanted = wanted, .begin_ns = clock_ns() };
}

void progress_show(void *context, size_t done, size_t total)
{
        struct progress *progress = context;
        uint64_t now;

        if (!progress->wanted || !total)
                return;
        now = clock_ns();
        if (now - progress->begin_ns < PATIENCE_NS || now - progress->last_ns < PAUSE_NS)
                return;
        progress->last_ns = now;
        progress->shown = true;
        fprintf(stderr, "\rweir: %s: %zu of %zu (%zu %%)", progress->doing, done, total, done * 100 / total);
        fflush(stderr);
}

void progress_end(struct progress *progress)
{
        if (progress->shown)
                fprintf(stderr, "\r\033[K");
        progress->shown = false;
}
