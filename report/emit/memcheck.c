#include "memcheck.h"

#include "ink.h"

#include <inttypes.h>

enum memcheck_kind memcheck_kind(enum kind kind)
{
        switch (kind) {
        case KIND_DEFINITE:
        case KIND_CYCLE:
                return MEMCHECK_DEFINITE;
        case KIND_INDIRECT:
                return MEMCHECK_INDIRECT;
        case KIND_REACHABLE:
                return MEMCHECK_REACHABLE;
        default:
                return MEMCHECK_POSSIBLE;
        }
}

bool memcheck_is_record(const struct memcheck_records *records, const struct report_leak *leak)
{
        return leak->status == LEAK_NEW && format_lists(records->options, leak);
}

struct memcheck_records memcheck_records(const struct report *report, const struct format_options *options)
{
        struct memcheck_records records = { .report = report, .options = options };

        for (size_t i = 0; i < report->leak_count; i++)
                records.count += memcheck_is_record(&records, &report->leaks[i]);
        return records;
}

uint64_t memcheck_indirect_bytes(const struct report_leak *leak)
{
        if (memcheck_kind(leak->kind) != MEMCHECK_DEFINITE || leak->exclusive_bytes <= leak->bytes)
                return 0;
        return leak->exclusive_bytes - leak->bytes;
}

void memcheck_headline(const struct report_leak *leak, size_t number, size_t count, FILE *out)
{
        static const char *const words[MEMCHECK_KINDS] = {
                [MEMCHECK_DEFINITE] = "definitely lost",
                [MEMCHECK_INDIRECT] = "indirectly lost",
                [MEMCHECK_POSSIBLE] = "possibly lost",
                [MEMCHECK_REACHABLE] = "still reachable",
        };
        uint64_t indirect = memcheck_indirect_bytes(leak);
        char a[INK_GROUPED], b[INK_GROUPED], c[INK_GROUPED];

        fputs(ink_grouped(leak->bytes + indirect, a), out);
        if (indirect)
                fprintf(out, " (%s direct, %s indirect)", ink_grouped(leak->bytes, b), ink_grouped(indirect, c));
        fprintf(out, " bytes in %s blocks are %s in loss record ", ink_grouped(leak->blocks, a),
                words[memcheck_kind(leak->kind)]);
        fprintf(out, "%s of %s", ink_grouped(number, b), ink_grouped(count, c));
}

struct report_kind memcheck_sum(const struct report *report, enum memcheck_kind kind)
{
        struct report_kind sum = { 0 };

        for (int i = 0; i < KIND_COUNT; i++) {
                if (memcheck_kind((enum kind)i) != kind)
                        continue;
                sum.groups += report->summary.kinds[i].groups;
                sum.blocks += report->summary.kinds[i].blocks;
                sum.bytes += report->summary.kinds[i].bytes;
        }
        return sum;
}

int32_t memcheck_pid(const struct report *report)
{
        return report->process_count ? report->processes[0].pid : 0;
}

size_t memcheck_frames(const struct report_leak *leak, const struct format_options *options)
{
        return options->frames && leak->stack_count > options->frames ? options->frames : leak->stack_count;
}
