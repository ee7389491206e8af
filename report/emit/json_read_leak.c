/* The leaks of a JSON report, in. */
#include "json_parts.h"

/* An element of an array of plain values. */
#define PLAIN_ELEMENT(name, field_type)                                                                          \
        static int name(struct take *at, const json_t *element, void *object)                                    \
        {                                                                                                        \
                return take_value(at, element, &(const struct take_field){ NULL, field_type, 0, NULL }, object); \
        }
PLAIN_ELEMENT(read_pid, TAKE_PID)
PLAIN_ELEMENT(read_u32, TAKE_U32)
PLAIN_ELEMENT(read_fingerprint, TAKE_FINGERPRINT)

int json_read_frame(struct take *at, const json_t *element, void *object)
{
        static const struct take_field fields[] = {
                TAKE_FIELD(report_frame, TAKE_MAYBE_TEXT, function),
                TAKE_FIELD(report_frame, TAKE_MAYBE_TEXT, module),
                TAKE_FIELD(report_frame, TAKE_ADDRESS, offset),
                TAKE_FIELD(report_frame, TAKE_MAYBE_TEXT, build_id),
                TAKE_FIELD(report_frame, TAKE_MAYBE_TEXT, file),
                TAKE_FIELD(report_frame, TAKE_U32, line),
                TAKE_FIELD(report_frame, TAKE_BOOL, inlined),
                TAKE_FIELD(report_frame, TAKE_MAYBE_TEXT, linkage_name),
                TAKE_LATER(report_frame, TAKE_MAYBE_TEXT, directory),
        };

        return take_fields(at, element, fields, TAKE_COUNT(fields), object);
}

static int read_size(struct take *at, const json_t *element, void *object)
{
        static const struct take_field fields[] = {
                { NULL, TAKE_U64, offsetof(struct report_size, size), NULL },
                { NULL, TAKE_U64, offsetof(struct report_size, blocks), NULL },
        };

        if (json_array_size(element) != 2)
                return take_expected(at, "an array of a size and a number of blocks", element);
        if (take_value(at, json_array_get(element, 0), &fields[0], object))
                return -1;
        return take_value(at, json_array_get(element, 1), &fields[1], object);
}

static int read_step(struct take *at, const json_t *element, void *object)
{
        static const struct take_field fields[] = {
                TAKE_FIELD(report_step, TAKE_MAYBE_TEXT, type),
                TAKE_FIELD(report_step, TAKE_MAYBE_TEXT, site),
                TAKE_FIELD(report_step, TAKE_U64, size),
                TAKE_FIELD(report_step, TAKE_U64, offset),
                TAKE_FIELD(report_step, TAKE_MAYBE_TEXT, field),
                TAKE_LATER(report_step, TAKE_TEXT, pointer),
                TAKE_LATER(report_step, TAKE_U64, member),
                { "cut", TAKE_ENUM, offsetof(struct report_step, cut), cut_names, true },
                TAKE_LATER(report_step, TAKE_U64, alike),
                TAKE_LATER(report_step, TAKE_U64, alike_total),
                TAKE_LATER(report_step, TAKE_TEXT, advice),
                TAKE_LATER(report_step, TAKE_TEXT, likely_type),
        };

        return take_fields(at, element, fields, TAKE_COUNT(fields), object);
}

int json_read_cycle(struct take *at, const json_t *object, struct report_cycle **to)
{
        static const struct take_field fields[] = {
                TAKE_FIELD(report_cycle, TAKE_U64, blocks),
                TAKE_FIELD(report_cycle, TAKE_U64, edges),
                TAKE_LATER(report_cycle, TAKE_U64, length),
                TAKE_LATER(report_cycle, TAKE_U64, break_at_total),
        };
        struct report_cycle *cycle;
        json_t *value;
        size_t above;

        if (take_maybe(at, object, "cycle", JSON_OBJECT, &value))
                return -1;
        if (!value)
                return 0;
        cycle = *to = report_array(at->report, 1, sizeof *cycle);
        if (!cycle)
                return error_no_memory(at->e, "reading a report");
        above = take_down(at, "cycle");
        if (take_fields(at, value, fields, TAKE_COUNT(fields), cycle) ||
            take_list(at, value, "path", sizeof *cycle->path, read_step, &cycle->path, &cycle->path_count) ||
            take_list(at, value, "break_at", sizeof *cycle->break_at, read_step, &cycle->break_at,
                      &cycle->break_at_count))
                return -1;
        if (cycle->length < cycle->path_count)
                cycle->length = cycle->path_count;
        if (cycle->break_at_total < cycle->break_at_count)
                cycle->break_at_total = cycle->break_at_count;
        take_up(at, above);
        return 0;
}

static int read_weak_link(struct take *at, const json_t *leak_value, struct report_leak *leak)
{
        static const struct take_field fields[] = {
                { "strength", TAKE_ENUM, offsetof(struct report_leak, weak_strength), strength_names },
                TAKE_AS("why", report_leak, TAKE_MAYBE_TEXT, weak_why),
        };
        bool there;

        return take_maybe_object(at, leak_value, "weak_link", fields, TAKE_COUNT(fields), leak, &there);
}

/* `end`: which end of the pointer the block at hand is not. */
#define REFERENCE_FIELDS(end)                                                                                        \
        TAKE_FIELD(report_reference, TAKE_TEXT, end), TAKE_FIELD(report_reference, TAKE_U64, offset),                \
                TAKE_LATER(report_reference, TAKE_TEXT, type), TAKE_LATER(report_reference, TAKE_TEXT, likely_type), \
                TAKE_LATER(report_reference, TAKE_TEXT, field), TAKE_WORD(report_reference, strength, strength_names)

static int read_referenced_by(struct take *at, const json_t *element, void *object)
{
        static const struct take_field fields[] = { REFERENCE_FIELDS(from) };

        return take_fields(at, element, fields, TAKE_COUNT(fields), object);
}

static int read_reference(struct take *at, const json_t *element, void *object)
{
        static const struct take_field fields[] = { REFERENCE_FIELDS(to) };

        return take_fields(at, element, fields, TAKE_COUNT(fields), object);
}

int json_read_example(struct take *at, const json_t *element, void *object)
{
        static const struct take_field fields[] = {
                TAKE_FIELD(report_example, TAKE_ADDRESS, address),     TAKE_FIELD(report_example, TAKE_U64, size),
                TAKE_FIELD(report_example, TAKE_PID, process),         TAKE_FIELD(report_example, TAKE_U32, thread),
                TAKE_FIELD(report_example, TAKE_U64, reference_count), TAKE_LATER(report_example, TAKE_TEXT, type),
                TAKE_LATER(report_example, TAKE_TEXT, likely_type),
        };
        struct report_example *example = object;

        if (take_fields(at, element, fields, TAKE_COUNT(fields), example) ||
            take_list(at, element, "referenced_by", sizeof *example->referenced_by, read_referenced_by,
                      &example->referenced_by, &example->referenced_by_count))
                return -1;
        return take_list(at, element, "references", sizeof *example->references, read_reference, &example->references,
                         &example->references_count);
}

static int read_leak_lists(struct take *at, const json_t *value, struct report_leak *leak)
{
        if (take_list(at, value, "sizes", sizeof *leak->sizes, read_size, &leak->sizes, &leak->size_count) ||
            take_list(at, value, "stack", sizeof *leak->stack, json_read_frame, &leak->stack, &leak->stack_count) ||
            take_list(at, value, "processes", sizeof *leak->processes, read_pid, &leak->processes,
                      &leak->process_count) ||
            take_list(at, value, "threads", sizeof *leak->threads, read_u32, &leak->threads, &leak->thread_count) ||
            take_list(at, value, "owners", sizeof *leak->owners, read_fingerprint, &leak->owners, &leak->owner_count))
                return -1;
        return take_list(at, value, "examples", sizeof *leak->examples, json_read_example, &leak->examples,
                         &leak->example_count);
}

static int read_leak_baseline(struct take *at, const json_t *leak_value, struct report_leak *leak)
{
        static const struct take_field fields[] = {
                TAKE_AS("blocks", report_leak, TAKE_U64, baseline_blocks),
                TAKE_AS("bytes", report_leak, TAKE_U64, baseline_bytes),
        };

        if (!json_object_get(leak_value, "baseline"))
                return 0; /* an earlier weir's */
        return take_maybe_object(at, leak_value, "baseline", fields, TAKE_COUNT(fields), leak, &leak->in_baseline);
}

int json_read_leak(struct take *at, const json_t *element, void *object)
{
        static const struct take_field fields[] = {
                TAKE_FIELD(report_leak, TAKE_FINGERPRINT, id),
                TAKE_WORD(report_leak, kind, kind_names),
                TAKE_FIELD(report_leak, TAKE_U64, blocks),
                TAKE_FIELD(report_leak, TAKE_U64, bytes),
                TAKE_FIELD(report_leak, TAKE_U64, exclusive_bytes),
                TAKE_FIELD(report_leak, TAKE_U64, exclusive_blocks),
                TAKE_FIELD(report_leak, TAKE_MAYBE_TEXT, type),
                TAKE_FIELD(report_leak, TAKE_BOOL, stack_truncated),
                TAKE_FIELD(report_leak, TAKE_U64, first_ns),
                TAKE_FIELD(report_leak, TAKE_U64, last_ns),
                TAKE_WORD(report_leak, status, leak_status_names),
                TAKE_FIELD(report_leak, TAKE_MAYBE_TEXT, suppressed_by),
                TAKE_LATER(report_leak, TAKE_BOOL, fails_gate),
                TAKE_LATER(report_leak, TAKE_TEXT, likely_type),
        };
        struct report_leak *leak = object;

        if (take_fields(at, element, fields, TAKE_COUNT(fields), leak) || read_leak_lists(at, element, leak) ||
            read_weak_link(at, element, leak) || read_leak_baseline(at, element, leak))
                return -1;
        return json_read_cycle(at, element, &leak->cycle);
}
