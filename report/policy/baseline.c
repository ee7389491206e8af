#include "baseline.h"

#include "../emit/frames.h"
#include "../emit/json_read.h"
#include "../emit/put.h"
#include "../emit/save.h"
#include "../emit/slurp.h"
#include "../emit/take.h"
#include "../mem.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

enum { FILE_MOST = 1 << 30 }; /* bytes */

/* ---- the list ------------------------------------------------------------- */

static int by_id(const void *left, const void *right)
{
        const struct baseline_entry *a = left, *b = right;

        return strcmp(a->id, b->id);
}

static uint64_t sum(uint64_t a, uint64_t b)
{
        return a > UINT64_MAX - b ? UINT64_MAX : a + b;
}

/* Sorts, and makes one entry of those with the same id. */
static void settle(struct baseline *baseline)
{
        size_t kept = 0;

        if (baseline->count)
                qsort(baseline->list, baseline->count, sizeof *baseline->list, by_id);
        for (size_t i = 0; i < baseline->count; i++) {
                struct baseline_entry *last = kept ? &baseline->list[kept - 1] : NULL, *entry = &baseline->list[i];

                if (!last || strcmp(last->id, entry->id)) {
                        baseline->list[kept++] = *entry;
                        continue;
                }
                last->blocks = sum(last->blocks, entry->blocks);
                last->bytes = sum(last->bytes, entry->bytes);
        }
        baseline->count = kept;
}

const struct baseline_entry *baseline_find(const struct baseline *baseline, const char *id)
{
        const struct baseline_entry key = { .id = id };

        return baseline->count ? bsearch(&key, baseline->list, baseline->count, sizeof key, by_id) : NULL;
}

void baseline_deinit(struct baseline *baseline)
{
        report_destroy(baseline->memory);
        *baseline = (struct baseline){ 0 };
}

/* ---- from a report -------------------------------------------------------- */

/* "function (module)": no line, so that it stays the same under edits. */
static int site_of(struct report *memory, const struct report_leak *leak, const char **site)
{
        const struct report_frame *frame = frames_site(leak->stack, leak->stack_count);

        *site = NULL;
        if (!frame || (!frame->function && !frame->module))
                return 0;
        *site = report_format(memory, "%s (%s)", frame->function ? frame->function : "??",
                              frame->module ? path_base(frame->module) : "?");
        return *site ? 0 : -1;
}

static int fill(struct baseline *baseline, struct report *memory, const struct report *report)
{
        baseline->memory = memory;
        baseline->list = report_array(memory, report->leak_count, sizeof *baseline->list);
        if (!baseline->list)
                return -1;
        for (size_t i = 0; i < report->leak_count; i++) {
                const struct report_leak *leak = &report->leaks[i];
                struct baseline_entry *entry = &baseline->list[baseline->count];

                if (leak->status == LEAK_SUPPRESSED || !leak->id)
                        continue;
                *entry = (struct baseline_entry){ .kind = leak->kind, .blocks = leak->blocks, .bytes = leak->bytes };
                entry->id = report_string(memory, leak->id);
                if (!entry->id || site_of(memory, leak, &entry->site))
                        return -1;
                baseline->count++;
        }
        settle(baseline);
        return 0;
}

int baseline_of(struct baseline *baseline, const struct report *report, struct error *e)
{
        struct report *memory = report_create();

        *baseline = (struct baseline){ 0 };
        if (memory && !fill(baseline, memory, report))
                return 0;
        report_destroy(memory);
        *baseline = (struct baseline){ 0 };
        return error_no_memory(e, "taking a baseline");
}

/* ---- from a file ---------------------------------------------------------- */

static int read_entry(struct take *at, const json_t *element, void *object)
{
        static const struct take_field fields[] = {
                TAKE_FIELD(baseline_entry, TAKE_FINGERPRINT, id),  TAKE_WORD(baseline_entry, kind, kind_names),
                TAKE_FIELD(baseline_entry, TAKE_U64, blocks),      TAKE_FIELD(baseline_entry, TAKE_U64, bytes),
                TAKE_FIELD(baseline_entry, TAKE_MAYBE_TEXT, site),
        };

        return take_fields(at, element, fields, TAKE_COUNT(fields), object);
}

static int read_list(struct baseline *baseline, const json_t *root, const char *name, struct error *e)
{
        struct take at = { .report = report_create(), .file = name, .e = e };

        baseline->memory = at.report;
        if (!at.report)
                return error_no_memory(e, "reading a baseline");
        if (take_list(&at, root, "leaks", sizeof *baseline->list, read_entry, &baseline->list, &baseline->count))
                return -1;
        settle(baseline);
        return 0;
}

static int read_report(struct baseline *baseline, const char *text, size_t length, const char *name, struct error *e)
{
        struct report *report = json_read_text(text, length, name, e);
        int status;

        if (!report)
                return -1;
        status = baseline_of(baseline, report, e);
        baseline->is_report = true;
        report_destroy(report);
        return status;
}

static int read_json(struct baseline *baseline, const char *text, size_t length, const char *name, struct error *e)
{
        json_t *root = take_load(text, length, name, e);
        const char *schema;
        int status;

        if (!root)
                return -1;
        schema = json_string_value(json_object_get(root, "schema"));
        if (schema && !strcmp(schema, BASELINE_SCHEMA))
                status = read_list(baseline, root, name, e);
        else if (schema && !strncmp(schema, "weir-baseline/", 14))
                status = error_set(e, ERROR_BAD_INPUT, "%s is a baseline of another version, %.40s; this weir reads %s",
                                   name, schema, BASELINE_SCHEMA);
        else
                status = read_report(baseline, text, length, name, e);
        json_decref(root);
        return status;
}

int baseline_parse(struct baseline *baseline, const char *text, size_t length, const char *name, struct error *e)
{
        *baseline = (struct baseline){ 0 };
        if (!read_json(baseline, text, length, name, e))
                return 0;
        baseline_deinit(baseline);
        return -1;
}

int baseline_read(struct baseline *baseline, const char *path, struct error *e)
{
        size_t length;
        char *text = slurp(path, FILE_MOST, "baseline", &length, e);
        int status;

        *baseline = (struct baseline){ 0 };
        if (!text)
                return -1;
        status = baseline_parse(baseline, text, length, slurp_name(path), e);
        mem_free(text);
        return status;
}

void baseline_write(const struct baseline *baseline, FILE *out)
{
        struct put j = put_to(out);

        put_object(&j, NULL, PUT_LINES);
        put_text(&j, "schema", BASELINE_SCHEMA);
        put_array(&j, "leaks", PUT_LINES);
        for (size_t i = 0; i < baseline->count; i++) {
                put_object(&j, NULL, PUT_INLINE);
                put_text(&j, "id", baseline->list[i].id);
                put_text(&j, "kind", kind_name(baseline->list[i].kind));
                put_number(&j, "blocks", baseline->list[i].blocks);
                put_number(&j, "bytes", baseline->list[i].bytes);
                put_text(&j, "site", baseline->list[i].site);
                put_end(&j);
        }
        put_end(&j);
        put_end(&j);
}

int baseline_save(const struct baseline *baseline, const char *path, struct error *e)
{
        struct save save;

        if (save_begin(&save, path, e))
                return -1;
        errno = 0;
        baseline_write(baseline, save.out);
        return save_finish(&save, e);
}

/* ---- against a report ----------------------------------------------------- */

static bool exceeds(uint64_t now, uint64_t before, uint32_t percent)
{
        unsigned __int128 most = (unsigned __int128)before * (100 + (unsigned __int128)percent);

        return (unsigned __int128)now * 100 > most;
}

static bool has_grown(const struct baseline_entry *now, const struct baseline_entry *before,
                      const struct baseline_tolerance *tolerance)
{
        if (tolerance->bytes)
                return now->bytes > sum(before->bytes, tolerance->bytes);
        return exceeds(now->bytes, before->bytes, tolerance->percent) ||
               exceeds(now->blocks, before->blocks, tolerance->percent);
}

/* What is held by another leak, or is no leak, is in nobody's count. */
static bool is_counted(enum kind kind)
{
        return kind != KIND_INDIRECT && kind != KIND_REACHABLE;
}

static void mark(const struct baseline *known, const struct baseline *now, struct report *report,
                 const struct baseline_tolerance *tolerance)
{
        for (size_t i = 0; i < report->leak_count; i++) {
                struct report_leak *leak = &report->leaks[i];
                const struct baseline_entry *before, *after;
                bool counted = is_counted(leak->kind);

                if (leak->status == LEAK_SUPPRESSED || !leak->id)
                        continue;
                before = baseline_find(known, leak->id);
                after = baseline_find(now, leak->id);
                leak->in_baseline = before != NULL;
                leak->baseline_blocks = before ? before->blocks : 0;
                leak->baseline_bytes = before ? before->bytes : 0;
                leak->status = before && after && !has_grown(after, before, tolerance) ? LEAK_KNOWN : LEAK_NEW;
                report->gate.baseline_known += counted && leak->status == LEAK_KNOWN;
                report->gate.baseline_new += counted && leak->status == LEAK_NEW;
                report->gate.baseline_grown += counted && leak->status == LEAK_NEW && before;
        }
}

static int list_gone(const struct baseline *known, const struct baseline *now, struct report *report)
{
        struct report_gone *list = report_array(report, known->count, sizeof *list);
        size_t count = 0;

        if (!list)
                return -1;
        for (size_t i = 0; i < known->count; i++) {
                const struct baseline_entry *entry = &known->list[i];
                struct report_gone *gone = &list[count];

                if (!is_counted(entry->kind) || baseline_find(now, entry->id))
                        continue;
                *gone = (struct report_gone){ .kind = entry->kind, .blocks = entry->blocks, .bytes = entry->bytes };
                gone->id = report_string(report, entry->id);
                gone->site = entry->site ? report_string(report, entry->site) : NULL;
                if (!gone->id || (entry->site && !gone->site))
                        return -1;
                count++;
        }
        report->gate.gone = list;
        report->gate.gone_count = report->gate.baseline_gone = count;
        return 0;
}

int baseline_apply(const struct baseline *baseline, struct report *report, const struct baseline_tolerance *tolerance,
                   struct error *e)
{
        struct baseline now;
        int status;

        if (baseline_of(&now, report, e))
                return -1;
        report->gate.has_baseline = true;
        report->gate.baseline_new = report->gate.baseline_known = report->gate.baseline_grown = 0;
        mark(baseline, &now, report, tolerance);
        status = list_gone(baseline, &now, report);
        baseline_deinit(&now);
        if (status)
                return error_no_memory(e, "comparing with the baseline");
        report_sum(report);
        return 0;
}
