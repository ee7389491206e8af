/* The memory of a held process into a capture file. */
#include "file_section.h"

#include "../mem.h"
#include "copy.h"
#include "ranges.h"

#include <string.h>

enum {
        DATA_MAX = 1 << 20, /* of one section */
        RUNS_MAX = 4096,
        READ_PAGES = 64,
};
#define PAGE          ((uint64_t)CAPTURE_PAGE)
#define RUN_PAGES_MAX UINT64_C(0x7fffffff)

/* ---- which pages --------------------------------------------------------- */

static int add_watched(struct ranges *pages, const struct watch *watch)
{
        const struct snapshot *snapshot = watch->snapshot;

        for (size_t i = 0; watch->pages && i < snapshot->segment_count; i++) {
                const struct segment *segment = &snapshot->segments[i];

                for (uint64_t at = segment->start & ~(PAGE - 1), page = 0; at < segment->end; at += PAGE, page++)
                        if (watch->pages[i][page / 64] >> page % 64 & 1 && ranges_add(pages, at, at + PAGE))
                                return -1;
        }
        return 0;
}

static int find_pages(struct ranges *pages, const struct snapshot *snapshot, const struct watch *watch)
{
        if (copy_pages(pages, snapshot) || add_watched(pages, watch))
                return -1;
        ranges_sort(pages);
        return 0;
}

/* ---- modules ------------------------------------------------------------- */

/* Index of the first segment that ends after the address. */
static size_t segment_from(const struct snapshot *snapshot, uint64_t address)
{
        size_t low = 0, high = snapshot->segment_count;

        while (low < high) {
                size_t middle = low + (high - low) / 2;

                if (snapshot->segments[middle].end <= address)
                        low = middle + 1;
                else
                        high = middle;
        }
        return low;
}

static const struct segment *find_segment(const struct snapshot *snapshot, uint64_t address)
{
        size_t i = segment_from(snapshot, address);

        return i < snapshot->segment_count && snapshot->segments[i].start <= address ? &snapshot->segments[i] : NULL;
}

/* ---- out ----------------------------------------------------------------- */

struct image_writer {
        struct capture_writer *writer;
        uint32_t process;
        const struct snapshot *snapshot;
        const struct memory *memory;
        struct filter *filter; /* NULL: everything is kept */
        struct pack data;
        struct {
                uint64_t start, pages;
                bool zero;
        } runs[RUNS_MAX];
        size_t count;
        uint8_t buffer[FILTER_MARGIN + READ_PAGES * CAPTURE_PAGE + FILTER_MARGIN];
};

static int flush(struct image_writer *image, struct error *e)
{
        struct pack table = { 0 };
        int result;

        if (!image->count)
                return 0;
        pack_u32(&table, (uint32_t)image->count);
        pack_u32(&table, 0);
        for (size_t i = 0; i < image->count; i++) {
                pack_u64(&table, image->runs[i].start);
                pack_u32(&table, (uint32_t)image->runs[i].pages);
                pack_u32(&table, image->runs[i].zero);
        }
        if (table.bad || image->data.bad)
                result = error_no_memory(e, "writing the capture file");
        else
                result = section_write(image->writer, SECTION_IMAGE, image->process, &table, image->data.data,
                                       image->data.size, e);
        pack_deinit(&table);
        image->data.size = 0;
        image->count = 0;
        return result;
}

static int add_run(struct image_writer *image, uint64_t start, uint64_t pages, bool zero, struct error *e)
{
        if (image->count) {
                size_t last = image->count - 1;

                if (image->runs[last].zero == zero &&
                    image->runs[last].start + image->runs[last].pages * PAGE == start &&
                    pages <= RUN_PAGES_MAX - image->runs[last].pages) {
                        image->runs[last].pages += pages;
                        return 0;
                }
        }
        if (image->count == RUNS_MAX && flush(image, e))
                return -1;
        image->runs[image->count].start = start;
        image->runs[image->count].pages = pages;
        image->runs[image->count].zero = zero;
        image->count++;
        return 0;
}

static bool is_zero(const uint8_t *page)
{
        return page[0] == 0 && memcmp(page, page + 1, CAPTURE_PAGE - 1) == 0;
}

static int add_page(struct image_writer *image, uint64_t at, const uint8_t *page, struct error *e)
{
        bool zero = is_zero(page);

        if (image->data.size >= DATA_MAX && flush(image, e))
                return -1;
        if (add_run(image, at, 1, zero, e))
                return -1;
        if (!zero)
                pack_bytes(&image->data, page, CAPTURE_PAGE);
        return 0;
}

/* Memory that was never touched reads as zeroes, where it can be read at all. */
static int add_untouched(struct image_writer *image, uint64_t start, uint64_t end, struct error *e)
{
        const struct memory *memory = image->memory;
        uint8_t byte;

        if (start >= end || memory->read(memory->context, start, &byte, 1) != 1 ||
            memory->read(memory->context, end - 1, &byte, 1) != 1)
                return 0;
        while (start < end) {
                uint64_t pages = (end - start) / PAGE < RUN_PAGES_MAX ? (end - start) / PAGE : RUN_PAGES_MAX;

                if (add_run(image, start, pages, true, e))
                        return -1;
                start += pages * PAGE;
        }
        return 0;
}

/* How far from `start` pages are to be filtered, or else not. */
static uint64_t stretch(const struct image_writer *image, uint64_t start, uint64_t end, bool *filtered)
{
        const struct snapshot *snapshot = image->snapshot;
        size_t i = segment_from(snapshot, start);

        *filtered = image->filter != NULL;
        if (!image->filter)
                return end;
        while (i < snapshot->segment_count && snapshot->segments[i].writable)
                i++;
        if (i == snapshot->segment_count)
                return end;
        *filtered = (snapshot->segments[i].start & ~(PAGE - 1)) > start;
        if (*filtered)
                return snapshot->segments[i].start < end ? snapshot->segments[i].start & ~(PAGE - 1) : end;
        return snapshot->segments[i].end < end ? (snapshot->segments[i].end + PAGE - 1) & ~(PAGE - 1) : end;
}

/* Reads what is around the pages that are in the buffer, and filters them. */
static int filter_buffer(struct image_writer *image, uint64_t start, size_t size)
{
        const struct memory *memory = image->memory;
        uint8_t *after = image->buffer + FILTER_MARGIN + size;
        size_t got;

        got = memory->read(memory->context, start - FILTER_MARGIN, image->buffer, FILTER_MARGIN);
        memset(image->buffer + got, 0, FILTER_MARGIN - got);
        got = memory->read(memory->context, start + size, after, FILTER_MARGIN);
        memset(after + got, 0, FILTER_MARGIN - got);
        return filter_bytes(image->filter, start, image->buffer + FILTER_MARGIN, size);
}

static int add_range(struct image_writer *image, uint64_t start, uint64_t end, struct error *e)
{
        const struct memory *memory = image->memory;

        while (start < end) {
                uint64_t at = memory->next ? memory->next(memory->context, start, end) & ~(PAGE - 1) : start;
                uint8_t *buffer = image->buffer + FILTER_MARGIN;
                size_t want = (size_t)READ_PAGES * CAPTURE_PAGE, got;
                uint64_t limit;
                bool filtered;

                if (at > start && add_untouched(image, start, at, e))
                        return -1;
                start = at > start ? at : start;
                if (start >= end)
                        break;
                limit = stretch(image, start, end, &filtered);
                want = limit - start < want ? (size_t)(limit - start) : want;
                got = memory->read(memory->context, start, buffer, want) / CAPTURE_PAGE;
                if (filtered && got && filter_buffer(image, start, got * CAPTURE_PAGE))
                        return error_no_memory(e, "writing the capture file");
                for (size_t i = 0; i < got; i++)
                        if (add_page(image, start + i * PAGE, buffer + i * CAPTURE_PAGE, e))
                                return -1;
                start += got ? got * PAGE : PAGE; /* a page that cannot be read is a hole */
        }
        return 0;
}

int image_write(struct capture_writer *writer, uint32_t process, const struct snapshot *snapshot,
                const struct watch *watch, struct filter *filter, struct error *e)
{
        struct image_writer *image = mem_alloc(1, sizeof *image);
        struct ranges pages = { 0 };
        int result = 0;

        if (!image || find_pages(&pages, snapshot, watch)) {
                mem_free(image);
                ranges_deinit(&pages);
                return error_no_memory(e, "writing the capture file");
        }
        image->writer = writer;
        image->process = process;
        image->snapshot = snapshot;
        image->memory = &snapshot->memory;
        image->filter = filter;
        for (size_t i = 0; i < pages.count && !result; i++)
                result = add_range(image, pages.list[i].start, pages.list[i].end, e);
        if (!result)
                result = flush(image, e);
        pack_deinit(&image->data);
        mem_free(image);
        ranges_deinit(&pages);
        return result;
}

/* ---- watching ------------------------------------------------------------ */

static size_t read_watched(void *context, uint64_t address, void *buffer, size_t size)
{
        struct watch *watch = context;
        const struct segment *segment = find_segment(watch->snapshot, address);

        if (segment && size) {
                uint64_t end = size < segment->end - address ? address + size : segment->end;
                uint64_t base = segment->start & ~(PAGE - 1);
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
