/* The pages of modules that an analysis looks at, for a capture file. */
#include "file_section.h"

#include "../mem.h"

#define PAGE      ((uint64_t)CAPTURE_PAGE)
#define PAGE_MASK (~(PAGE - 1))

static size_t read_watched(void *context, uint64_t address, void *buffer, size_t size)
{
        struct watch *watch = context;
        const struct segment *segment = snapshot_segment(watch->snapshot, address);

        if (segment && size) {
                uint64_t end = size < segment->end - address ? address + size : segment->end;
                uint64_t base = segment->start & PAGE_MASK;
                uint64_t *pages = watch->pages[segment - watch->snapshot->segments];

                for (uint64_t page = (address - base) / PAGE; page <= (end - 1 - base) / PAGE; page++)
                        (void)__atomic_fetch_or(&pages[page / 64], UINT64_C(1) << page % 64, __ATOMIC_RELAXED);
        }
        return watch->real.read(watch->real.context, address, buffer, size);
}

static uint64_t next_watched(void *context, uint64_t address, uint64_t end)
{
        struct watch *watch = context;

        return watch->real.next ? watch->real.next(watch->real.context, address, end) : address;
}

static void watch_deinit(struct watch *watch, size_t count)
{
        for (size_t i = 0; watch->pages && i < count; i++)
                mem_free(watch->pages[i]);
        mem_free(watch->pages);
        *watch = (struct watch){ 0 };
}

int capture_writer_watch(struct capture_writer *writer, struct snapshot *snapshot, struct error *e)
{
        struct watch *watch = writer_watch(writer);

        watch->snapshot = snapshot;
        watch->real = snapshot->memory;
        watch->pages = mem_alloc(snapshot->segment_count, sizeof *watch->pages);
        for (size_t i = 0; watch->pages && i < snapshot->segment_count; i++) {
                const struct segment *segment = &snapshot->segments[i];

                watch->pages[i] = mem_alloc((segment->end - segment->start) / PAGE / 64 + 2, sizeof **watch->pages);
                if (!watch->pages[i]) {
                        watch_deinit(watch, snapshot->segment_count);
                        break;
                }
        }
        if (!watch->pages)
                return error_no_memory(e, "writing the capture file");
        snapshot->memory = (struct memory){ read_watched, next_watched, watch, watch->real.parallel };
        return 0;
}

void capture_writer_unwatch(struct capture_writer *writer)
{
        struct watch *watch = writer_watch(writer);

        if (watch->pages)
                watch_deinit(watch, watch->snapshot->segment_count);
}

int capture_writer_memory(struct capture_writer *writer, const struct process *process, struct snapshot *snapshot,
                          struct error *e)
{
        struct watch *watch = writer_watch(writer);
        struct filter all = { 0 }, *filter = writer_filters(writer) ? &all : NULL;
        int result;

        if (watch->pages && watch->snapshot == snapshot)
                snapshot->memory = watch->real;
        if (filter && filter_init(filter, snapshot)) {
                filter_deinit(filter);
                return error_no_memory(e, "writing the capture file");
        }
        result = heap_write_blocks(writer, process->ordinal, snapshot->blocks, snapshot->block_count, e) ||
                                 heap_write_roots(writer, process->ordinal, snapshot, filter, e) ||
                                 heap_write_segments(writer, process->ordinal, snapshot, e) ||
                                 heap_write_frames(writer, process->ordinal, snapshot, e) ||
                                 image_write(writer, process->ordinal, snapshot, watch, filter, e)
                         ? -1
                         : 0;
        filter_deinit(&all);
        watch_deinit(watch, snapshot->segment_count);
        return result;
}
