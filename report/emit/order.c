/* The fingerprint and the order of leaks, and the sums over them. */
#include "report.h"

#include "frames.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* ---- fingerprint ---------------------------------------------------------- */

static uint64_t mix(uint64_t hash, const void *data, size_t length)
{
        const unsigned char *byte = data;

        for (size_t i = 0; i < length; i++)
                hash = (hash ^ byte[i]) * UINT64_C(0x100000001b3);
        return hash;
}

/* A text and its end, so that "ab" "c" is not "a" "bc". */
static uint64_t mix_text(uint64_t hash, const char *text, size_t length)
{
        return mix(mix(hash, text, length), "\0", 1);
}

/* Spreads every bit over all others. */
static uint64_t finish(uint64_t hash)
{
        hash = (hash ^ hash >> 33) * UINT64_C(0xff51afd7ed558ccd);
        hash = (hash ^ hash >> 33) * UINT64_C(0xc4ceb9fe1a85ec53);
        return hash ^ hash >> 33;
}

/* The length of a library's name without its version, which the next system
 * has another of: "libfoo.so" of libfoo.so.1.2. */
static size_t module_plain_length(const char *base)
{
        const char *version = strstr(base, ".so.");

        return version ? (size_t)(version - base) + 3 : strlen(base);
}

/* A frame without a function's name is told from others of its module by its
 * place, which is the same in every run of one build.  The C library's are not:
 * it is updated without the program, and never where a leak is told apart. */
static uint64_t mix_frame(uint64_t hash, const struct report_frame *frame)
{
        const char *base = frame->module ? path_base(frame->module) : "?";

        hash = mix_text(hash, base, module_plain_length(base));
        if (!frame->function) {
                hash = mix_text(hash, "?", 1);
                if (!frame->module || module_is_libc(frame->module))
                        return hash;
                return mix(hash, &frame->offset, sizeof frame->offset);
        }
        return mix_text(hash, frame->function, function_plain_length(frame->function));
}

static bool in_libc(const struct report_frame *frame)
{
        return frame->module && module_is_libc(frame->module);
}

/* The insides of the C library differ from system to system, and so do the
 * names known for them: only what the program called of it counts, without the
 * underscores of its other names. */
static uint64_t mix_libc(uint64_t hash, const struct report_frame *frame)
{
        const char *function = frame->function ? frame->function : "?";

        hash = mix_text(hash, "libc", 4);
        function += strspn(function, "_");
        return mix_text(hash, function, function_plain_length(function));
}

const char *report_fingerprint(struct report *report, const struct report_leak *leak)
{
        const char *kind = kind_name(leak->kind), *type = leak->type ? leak->type : "";
        size_t count = frames_without_runtime(leak->stack, leak->stack_count);
        uint64_t hash = UINT64_C(0xcbf29ce484222325);

        hash = mix_text(hash, kind, strlen(kind));
        hash = mix_text(hash, type, strlen(type));
        for (size_t i = 0; i < count; i++) {
                if (!in_libc(&leak->stack[i]))
                        hash = mix_frame(hash, &leak->stack[i]);
                else if (i + 1 == count || !in_libc(&leak->stack[i + 1]))
                        hash = mix_libc(hash, &leak->stack[i]);
        }
        return report_format(report, "%016" PRIx64, finish(hash));
}

/* ---- order ---------------------------------------------------------------- */

static int descending(uint64_t a, uint64_t b)
{
        return (a < b) - (a > b);
}

static int compare_text(const char *a, const char *b)
{
        return strcmp(a ? a : "", b ? b : "");
}

/* Leaks of one fingerprint and equal weight: by what distinguishes them. */
static int compare_twins(const struct report_leak *a, const struct report_leak *b)
{
        for (size_t i = 0; i < a->size_count && i < b->size_count; i++) {
                if (a->sizes[i].size != b->sizes[i].size)
                        return descending(a->sizes[i].size, b->sizes[i].size);
                if (a->sizes[i].blocks != b->sizes[i].blocks)
                        return descending(a->sizes[i].blocks, b->sizes[i].blocks);
        }
        for (size_t i = 0; i < a->stack_count && i < b->stack_count; i++)
                if (a->stack[i].offset != b->stack[i].offset)
                        return descending(b->stack[i].offset, a->stack[i].offset);
        if (a->first_ns != b->first_ns)
                return descending(b->first_ns, a->first_ns);
        return compare_text(a->weak_why, b->weak_why);
}

static int compare_leaks(const void *left, const void *right)
{
        const struct report_leak *a = left, *b = right;
        int order;

        if ((order = descending(a->exclusive_bytes, b->exclusive_bytes)))
                return order;
        if ((order = descending(a->bytes, b->bytes)))
                return order;
        if ((order = descending(a->blocks, b->blocks)))
                return order;
        if ((order = compare_text(a->id, b->id)))
                return order;
        return compare_twins(a, b);
}

static void count(struct report *report, const struct report_leak *leak)
{
        bool suppressed = leak->status == LEAK_SUPPRESSED && leak->kind != KIND_REACHABLE;
        struct report_kind *sum = suppressed ? &report->summary.suppressed : &report->summary.kinds[leak->kind];

        sum->groups++;
        sum->blocks += leak->blocks;
        sum->bytes += leak->bytes;
        if (leak->kind == KIND_CYCLE && leak->status != LEAK_SUPPRESSED)
                report->summary.cycles += leak->cycle && leak->cycle->blocks ? leak->blocks / leak->cycle->blocks : 1;
}

void report_sum(struct report *report)
{
        const struct report_kind reachable = report->summary.kinds[KIND_REACHABLE];

        memset(report->summary.kinds, 0, sizeof report->summary.kinds);
        report->summary.suppressed = (struct report_kind){ 0 };
        report->summary.cycles = 0;
        for (size_t i = 0; i < report->leak_count; i++)
                count(report, &report->leaks[i]);
        if (!report->summary.kinds[KIND_REACHABLE].groups)
                report->summary.kinds[KIND_REACHABLE] = reachable;
}

void report_sort(struct report *report)
{
        if (report->leak_count)
                qsort(report->leaks, report->leak_count, sizeof *report->leaks, compare_leaks);
        report_sum(report);
}
