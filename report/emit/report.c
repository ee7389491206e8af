#include "report.h"

#include "../mem.h"

#include <stdalign.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* ---- memory --------------------------------------------------------------- */

enum { CHUNK_MIN = 1024, CHUNK_MAX = 64 * 1024, ALIGNMENT = alignof(max_align_t) };

struct report_chunk {
        struct report_chunk *next;
        size_t size, used; /* of `memory` */
        alignas(max_align_t) unsigned char memory[];
};

struct report *report_create(void)
{
        struct report *report = mem_alloc(1, sizeof *report);

        if (report)
                report->weir_version = WEIR_VERSION;
        return report;
}

void report_destroy(struct report *report)
{
        struct report_chunk *next;

        if (!report)
                return;
        for (struct report_chunk *chunk = report->arena; chunk; chunk = next) {
                next = chunk->next;
                mem_free(chunk);
        }
        mem_free(report);
}

/* A chunk with room for `size` bytes: the first, or a new one, larger than the
 * one before: there are reports for every small process.  A large object
 * gets a chunk of its own behind the first, which stays in use. */
static struct report_chunk *room(struct report *report, size_t size)
{
        struct report_chunk *first = report->arena, *chunk;
        size_t usual = CHUNK_MIN, want;

        if (first && size <= first->size - first->used)
                return first;
        while (usual < CHUNK_MAX && (usual < 4 * size || (first && usual <= first->size)))
                usual *= 2;
        want = size > usual / 4 ? size : usual;
        chunk = mem_alloc(1, sizeof *chunk + want);
        if (!chunk)
                return NULL;
        chunk->size = want;
        if (first && want != usual) {
                chunk->next = first->next;
                first->next = chunk;
        } else {
                chunk->next = first;
                report->arena = chunk;
        }
        return chunk;
}

void *report_array(struct report *report, size_t count, size_t size)
{
        struct report_chunk *chunk;
        size_t bytes;
        void *memory;

        if (__builtin_mul_overflow(count, size, &bytes) || bytes > PTRDIFF_MAX / 2)
                return NULL;
        bytes = bytes ? (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT : ALIGNMENT;
        chunk = room(report, bytes);
        if (!chunk)
                return NULL;
        memory = chunk->memory + chunk->used;
        chunk->used += bytes;
        return memory;
}

const char *report_string(struct report *report, const char *text)
{
        size_t length = strlen(text) + 1;
        char *copy = report_array(report, length, 1);

        return copy ? memcpy(copy, text, length) : NULL;
}

static const char *format_list(struct report *report, const char *format, va_list args)
{
        va_list again;
        int length;
        char *text;

        va_copy(again, args);
        length = vsnprintf(NULL, 0, format, again);
        va_end(again);
        text = length < 0 ? NULL : report_array(report, (size_t)length + 1, 1);
        if (text)
                (void)vsnprintf(text, (size_t)length + 1, format, args);
        return text;
}

const char *report_format(struct report *report, const char *format, ...)
{
        const char *text;
        va_list args;

        va_start(args, format);
        text = format_list(report, format, args);
        va_end(args);
        return text;
}

static int diagnose(struct report *report, const char *level, const char *code, const char *format, va_list args)
{
        size_t count = report->diagnostic_count;
        struct report_diagnostic *list = report_array(report, count + 1, sizeof *list);
        const char *message = format_list(report, format, args);

        if (!list || !message)
                return -1;
        if (count)
                memcpy(list, report->diagnostics, count * sizeof *list);
        list[count] = (struct report_diagnostic){ .level = level, .code = code, .message = message };
        report->diagnostics = list;
        report->diagnostic_count = count + 1;
        return 0;
}

int report_warn(struct report *report, const char *code, const char *format, ...)
{
        va_list args;
        int status;

        va_start(args, format);
        status = diagnose(report, "warning", code, format, args);
        va_end(args);
        return status;
}

int report_note(struct report *report, const char *code, const char *format, ...)
{
        va_list args;
        int status;

        va_start(args, format);
        status = diagnose(report, "note", code, format, args);
        va_end(args);
        return status;
}

void report_adopt(struct report *report, struct report *from)
{
        struct report_chunk **end = &report->arena;

        while (*end)
                end = &(*end)->next;
        *end = from->arena;
        from->arena = NULL;
}

/* ---- names ---------------------------------------------------------------- */

const char *const kind_names[KIND_COUNT + 1] = {
        [KIND_DEFINITE] = "definite", [KIND_CYCLE] = "cycle",         [KIND_INDIRECT] = "indirect",
        [KIND_POSSIBLE] = "possible", [KIND_REACHABLE] = "reachable", [KIND_UNKNOWN] = "unknown",
};

const char *const strength_names[STRENGTH_COUNT + 1] = {
        [STRENGTH_NONE] = "none",   [STRENGTH_AMBIGUOUS] = "ambiguous", [STRENGTH_UNALIGNED] = "unaligned",
        [STRENGTH_END] = "end",     [STRENGTH_INTERIOR] = "interior",   [STRENGTH_TAGGED] = "tagged",
        [STRENGTH_KNOWN] = "known", [STRENGTH_EXACT] = "exact",
};

const char *const leak_status_names[] = { "new", "known", "suppressed", NULL };
const char *const gate_status_names[] = { "off", "pass", "fail", "incomplete", NULL };
const char *const cut_names[CUT_COUNT + 1] = { "", "ends", "alike", "splits", "together" };
const char *const end_how_names[] = { "exited", "signaled", "exec", "running", NULL };

const char *kind_name(enum kind kind)
{
        return kind_names[kind];
}

const char *strength_name(enum strength strength)
{
        return strength_names[strength];
}

const char *leak_status_name(enum leak_status status)
{
        return leak_status_names[status];
}

const char *gate_status_name(enum gate_status status)
{
        return gate_status_names[status];
}

const char *end_how_name(enum end_how how)
{
        return end_how_names[how];
}

const char *cut_name(enum cut_effect cut)
{
        return cut == CUT_UNKNOWN ? NULL : cut_names[cut];
}

bool kind_parse(const char *name, size_t length, enum kind *kind)
{
        for (int i = 0; i < KIND_COUNT; i++) {
                if (strlen(kind_names[i]) != length || memcmp(kind_names[i], name, length))
                        continue;
                *kind = (enum kind)i;
                return true;
        }
        return false;
}
