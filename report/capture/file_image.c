/* The memory of a held process into a capture file. */
#include "file_section.h"

#include "../mem.h"
#include "../share.h"
#include "copy.h"
#include "ranges.h"

#include <pthread.h>
#include <string.h>

enum {
        DATA_MAX = 1 << 20, /* of one section */
        RUNS_MAX = 4096,
        READ_PAGES = 64,
};
#define JOB           (UINT64_C(4) << 20)
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

/* ---- out ----------------------------------------------------------------- */

/* All that is to be written, cut into jobs that are done by several threads,
 * each of some MiB that the process wrote to, and written in their order. */
struct image_jobs {
        struct capture_writer *writer;
        uint32_t process;
        const struct snapshot *snapshot;
        const struct filter *filter; /* NULL: everything is kept */
        struct range *pieces;        /* ascending */
        size_t piece_count, piece_capacity;
        size_t *ends; /* of each job among the pieces */
        size_t count, capacity;

        pthread_mutex_t asking; /* held while memory.next is asked */
        pthread_mutex_t lock;   /* of all that follows */
        pthread_cond_t turn;
        size_t taken, written;
        bool failed;
        struct error error;
};

/* What one thread has. */
struct image_writer {
        struct image_jobs *jobs;
        const struct snapshot *snapshot;
        const struct memory *memory;
        struct section_packer packer;
        struct pack data;
        struct {
                uint64_t start, pages;
                bool zero;
        } runs[RUNS_MAX];
        size_t count;
        uint8_t buffer[FILTER_MARGIN + READ_PAGES * CAPTURE_PAGE + FILTER_MARGIN];
        uint8_t classes[FILTER_MARGIN + READ_PAGES * CAPTURE_PAGE + FILTER_MARGIN];
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
                result = section_pack(&image->packer, SECTION_IMAGE, image->jobs->process, &table, image->data.data,
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

        *filtered = image->jobs->filter != NULL;
        if (!image->jobs->filter)
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
static void filter_buffer(struct image_writer *image, uint64_t start, size_t size)
{
        const struct memory *memory = image->memory;
        uint8_t *after = image->buffer + FILTER_MARGIN + size;
        size_t got;

        got = memory->read(memory->context, start - FILTER_MARGIN, image->buffer, FILTER_MARGIN);
        memset(image->buffer + got, 0, FILTER_MARGIN - got);
        got = memory->read(memory->context, start + size, after, FILTER_MARGIN);
        memset(after + got, 0, FILTER_MARGIN - got);
        filter_bytes(image->jobs->filter, start, image->buffer + FILTER_MARGIN, size, image->classes);
}

/* The first page from `start` on that the process wrote to, or `end`. */
static uint64_t next_page(struct image_jobs *jobs, uint64_t start, uint64_t end)
{
        const struct memory *memory = &jobs->snapshot->memory;
        uint64_t at = start;

        if (memory->next) {
                (void)pthread_mutex_lock(&jobs->asking);
                at = memory->next(memory->context, start, end) & ~(PAGE - 1);
                (void)pthread_mutex_unlock(&jobs->asking);
        }
        return at > start ? at : start;
}

static int add_range(struct image_writer *image, uint64_t start, uint64_t end, struct error *e)
{
        const struct memory *memory = image->memory;

        while (start < end) {
                uint64_t at = next_page(image->jobs, start, end);
                uint8_t *buffer = image->buffer + FILTER_MARGIN;
                size_t want = (size_t)READ_PAGES * CAPTURE_PAGE, got;
                uint64_t limit;
                bool filtered;

                if (add_untouched(image, start, at, e))
                        return -1;
                start = at;
                if (start >= end)
                        break;
                limit = stretch(image, start, end, &filtered);
                want = limit - start < want ? (size_t)(limit - start) : want;
                got = memory->read(memory->context, start, buffer, want) / CAPTURE_PAGE;
                if (filtered && got)
                        filter_buffer(image, start, got * CAPTURE_PAGE);
                for (size_t i = 0; i < got; i++)
                        if (add_page(image, start + i * PAGE, buffer + i * CAPTURE_PAGE, e))
                                return -1;
                start += got ? got * PAGE : PAGE; /* a page that cannot be read is a hole */
        }
        return 0;
}

/* ---- by several threads -------------------------------------------------- */

static int add_piece(struct image_jobs *jobs, uint64_t start, uint64_t end)
{
        if (start >= end)
                return 0;
        if (mem_grow(&jobs->pieces, &jobs->piece_capacity, jobs->piece_count + 1, sizeof *jobs->pieces))
                return -1;
        jobs->pieces[jobs->piece_count++] = (struct range){ start, end };
        return 0;
}

static int end_job(struct image_jobs *jobs)
{
        if (mem_grow(&jobs->ends, &jobs->capacity, jobs->count + 1, sizeof *jobs->ends))
                return -1;
        jobs->ends[jobs->count++] = jobs->piece_count;
        return 0;
}

/* Long stretches that were never touched cost nothing, so they do not count. */
static int cut_jobs(struct image_jobs *jobs, const struct ranges *pages)
{
        uint64_t bytes = 0;

        for (size_t i = 0; i < pages->count; i++) {
                uint64_t at = pages->list[i].start, end = pages->list[i].end;

                while (at < end) {
                        uint64_t touched = next_page(jobs, at, end);
                        uint64_t until = end - touched < JOB - bytes ? end : touched + (JOB - bytes);

                        if (touched - at < JOB)
                                touched = at;
                        if (add_piece(jobs, at, touched) || add_piece(jobs, touched, until))
                                return -1;
                        bytes += until - touched;
                        at = until;
                        if (bytes < JOB)
                                continue;
                        bytes = 0;
                        if (end_job(jobs))
                                return -1;
                }
        }
        return end_job(jobs);
}

static bool take_job(struct image_jobs *jobs, size_t *job)
{
        bool some;

        (void)pthread_mutex_lock(&jobs->lock);
        *job = jobs->taken;
        some = !jobs->failed && jobs->taken < jobs->count;
        jobs->taken += some;
        (void)pthread_mutex_unlock(&jobs->lock);
        return some;
}

static int do_job(struct image_writer *image, size_t job, struct error *e)
{
        const struct image_jobs *jobs = image->jobs;

        for (size_t i = job ? jobs->ends[job - 1] : 0; i < jobs->ends[job]; i++)
                if (add_range(image, jobs->pieces[i].start, jobs->pieces[i].end, e))
                        return -1;
        return flush(image, e);
}

/* Waits for its turn, and writes. */
static void end_turn(struct image_writer *image, size_t job, int result, struct error *e)
{
        struct image_jobs *jobs = image->jobs;

        (void)pthread_mutex_lock(&jobs->lock);
        while (jobs->written < job && !jobs->failed)
                (void)pthread_cond_wait(&jobs->turn, &jobs->lock);
        if (!jobs->failed && (result || writer_put(jobs->writer, &image->packer, e))) {
                jobs->failed = true;
                jobs->error = *e;
        }
        jobs->written++;
        (void)pthread_cond_broadcast(&jobs->turn);
        (void)pthread_mutex_unlock(&jobs->lock);
}

static void write_jobs(struct image_writer *image)
{
        size_t job;

        while (take_job(image->jobs, &job)) {
                struct error e = { 0 };
                int result = do_job(image, job, &e);

                end_turn(image, job, result, &e);
        }
}

static void write_part(void *context, unsigned part)
{
        struct image_jobs *jobs = context;
        struct image_writer *image = mem_alloc(1, sizeof *image);

        (void)part;
        if (image && !section_packer_init(&image->packer)) {
                image->jobs = jobs;
                image->snapshot = jobs->snapshot;
                image->memory = &jobs->snapshot->memory;
                write_jobs(image);
        } else {
                (void)pthread_mutex_lock(&jobs->lock);
                jobs->failed = true;
                (void)error_no_memory(&jobs->error, "writing the capture file");
                (void)pthread_cond_broadcast(&jobs->turn);
                (void)pthread_mutex_unlock(&jobs->lock);
        }
        if (image) {
                section_packer_deinit(&image->packer);
                pack_deinit(&image->data);
        }
        mem_free(image);
}

int image_write(struct capture_writer *writer, uint32_t process, const struct snapshot *snapshot,
                const struct watch *watch, const struct filter *filter, struct error *e)
{
        struct image_jobs jobs = { .writer = writer, .process = process, .snapshot = snapshot, .filter = filter };
        struct ranges pages = { 0 };

        (void)pthread_mutex_init(&jobs.asking, NULL);
        (void)pthread_mutex_init(&jobs.lock, NULL);
        (void)pthread_cond_init(&jobs.turn, NULL);
        if (find_pages(&pages, snapshot, watch) || cut_jobs(&jobs, &pages)) {
                jobs.failed = true;
                (void)error_no_memory(&jobs.error, "writing the capture file");
        } else {
                share_run(snapshot->memory.parallel ? share_parts(jobs.count, 2) : 1, write_part, &jobs);
        }
        if (jobs.failed)
                *e = jobs.error;
        (void)pthread_cond_destroy(&jobs.turn);
        (void)pthread_mutex_destroy(&jobs.lock);
        (void)pthread_mutex_destroy(&jobs.asking);
        mem_free(jobs.pieces);
        mem_free(jobs.ends);
        ranges_deinit(&pages);
        return jobs.failed ? -1 : 0;
}
